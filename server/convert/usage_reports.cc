// SPDX-License-Identifier: Apache-2.0
#include "server/convert/usage_reports.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/model/cache_accounting.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"
#include "storage/usage_shapes/reported_cost.h"

namespace itemized::server {
namespace {

bool HasAttribute(const WireCall& call, absl::string_view key) {
  return std::any_of(call.attributes.begin(), call.attributes.end(),
                     [&](const auto& attribute) { return attribute.first == key; });
}

CacheAccounting AccountingOf(const WireCall& call) {
  return static_cast<CacheAccounting>(call.cache_accounting);
}

// Returns an amount in the form of a column; 0 if there is none that a call can cost.
int64_t ToReportedCost(std::optional<Picos> cost) {
  const bool fits = cost.has_value() && *cost >= 0 && *cost < Picos(INT64_MAX);
  return fits ? static_cast<int64_t>(*cost) + 1 : 0;
}

}  // namespace

absl::Status ReadReportedCost(WireCall& call) {
  call.reported_cost = ToReportedCost(ParseReportedCost(call.reported_cost_usd));
  if (call.reported_cost == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The reported_cost_usd is ", Quoted(call.reported_cost_usd),
        "; give an amount in USD from 0 to 9,223,372 as a decimal number, such as 0.0042."));
  }
  return absl::OkStatus();
}

absl::Status ReadCacheAccounting(WireCall& call) {
  if (call.cache_accounting < 0 ||
      call.cache_accounting > static_cast<int32_t>(CacheAccounting::kExclusive)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The cache_accounting ", call.cache_accounting,
                     " is unknown; use inclusive or exclusive, or leave it out."));
  }
  if (!call.has_usage || AccountingOf(call) != CacheAccounting::kInclusive) {
    return absl::OkStatus();
  }
  for (const int64_t count : call.usage.counts) {
    if (count < 0 || count > kTokensMax) {
      return absl::OkStatus();  // The call is refused for that.
    }
  }
  MoveCache(-1, &call.usage);
  return CheckRemainders(call.usage);
}

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
  absl::StatusOr<ReportedUsage> report = ReadReportedUsage(call.usage_reported, AccountingOf(call));
  if (!report.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The usage_reported cannot be read. ", report.status().message()));
  }
  tally_.Add(*report);
  call.has_usage = report->usage.has_value();
  call.usage_unknown = !call.has_usage && (report->is_unknown || report->is_misreported);
  call.usage = report->usage.value_or(Usage{});
  if (call.reported_cost_usd.empty()) {
    call.reported_cost = ToReportedCost(report->reported_cost);
  }
  Fill(std::move(report->kept), call.kept_report);
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
