// SPDX-License-Identifier: Apache-2.0
#include "server/convert/usage_reports.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace itemized::server {
namespace {

// Drops the tier, the region and the cost that were reported, for which calls have no fields.
void DropReportedContext(const ReportedUsage& /*report*/, WireCall& /*call*/) {}

}  // namespace

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
  call.usage = report->usage.value_or(Usage{});
  if (call.provider.empty() && !report->provider.empty()) {
    call.provider = texts_.emplace_back(std::move(report->provider));
  }
  if (call.model.empty() && !report->model.empty()) {
    call.model = texts_.emplace_back(std::move(report->model));
  }
  DropReportedContext(*report, call);
  return absl::OkStatus();
}

}  // namespace itemized::server
