// SPDX-License-Identifier: Apache-2.0
#include "server/convert/usage_reports.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "storage/model/served_as.h"

namespace itemized::server {
namespace {

bool HasAttribute(const WireCall& call, absl::string_view key) {
  return std::any_of(call.attributes.begin(), call.attributes.end(),
                     [&](const auto& attribute) { return attribute.first == key; });
}

}  // namespace

void UsageReports::Fill(std::string told, absl::string_view& field) {
  if (field.empty() && !told.empty()) {
    field = texts_.emplace_back(std::move(told));
  }
}

absl::Status UsageReports::ReadInto(WireCall& call) {
  if (call.has_usage) {
    return absl::InvalidArgumentError(
        "The call has both usage and usage_reported; send one of them.");
  }
  absl::StatusOr<ReportedUsage> report = ReadReportedUsage(call.usage_reported);
  if (!report.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The usage_reported cannot be read. ", report.status().message()));
  }
  tally_.Add(*report);
  call.has_usage = report->usage.has_value();
  call.usage_unknown = !call.has_usage && (report->is_unknown || report->is_misreported);
  call.usage = report->usage.value_or(Usage{});
  Fill(std::move(report->provider), call.provider);
  Fill(std::move(report->model), call.model);
  // Both are attributes in storage, by which a sender may give them, too.
  if (!HasAttribute(call, kServiceTierAttribute)) {
    Fill(std::move(report->service_tier), call.service_tier);
  }
  if (!HasAttribute(call, kRegionAttribute)) {
    Fill(std::move(report->region), call.region);
  }
  return absl::OkStatus();
}

}  // namespace itemized::server
