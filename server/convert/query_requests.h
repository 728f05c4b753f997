// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn questions on the wire into questions to the database. Every error is
// INVALID_ARGUMENT with a sentence that says what to mend.

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/query.pb.h"

#include "storage/base/status_macros.h"
#include "storage/query/query_types.h"

namespace itemized::server {

inline constexpr int64_t kDefaultWindowUs = 30 * kMicrosPerDay;
inline constexpr int64_t kLastMaxUs = int64_t{50} * 365 * kMicrosPerDay;
inline constexpr int64_t kSeriesPointsMax = 20'000;
inline constexpr int32_t kOutliersDefault = 100;
inline constexpr int32_t kOutliersMax = 10'000;
// A page of a run has at most this many calls, and about this many bytes; one call may be more.
inline constexpr int32_t kRunCallsMax = 10'000;
inline constexpr size_t kRunBytesMax = size_t{4} << 20;

// Takes a window that says nothing for the last 30 days.
absl::StatusOr<Window> ToWindow(const itemized::v1::WindowSpec& spec);

// Reads an `as_known_at_unix_us`, in which 0 stands for none.
absl::StatusOr<std::optional<int64_t>> ToKnownAt(int64_t as_known_at_unix_us);

// Parts of questions.
absl::StatusOr<GroupBy> ToGroupBy(itemized::v1::GroupBy by);
absl::StatusOr<CallFilter> ToCallFilter(const itemized::v1::CallFilter& from);
absl::Status CheckLimit(int32_t limit);  // How many rows there may be at most; 0 says nothing.
// Checks whether there is a key just if calls are grouped by attribute.
absl::Status CheckAttributeKey(bool by_attribute, absl::string_view key);

// Reads the question of a ranking, such as GetTopRequest, as one of the database, such as TopQuery.
template <typename Query, typename Request>
absl::StatusOr<Query> ToRankingQuery(const Request& request) {
  Query query;
  ASSIGN_OR_RETURN(query.window, ToWindow(request.window()));
  ASSIGN_OR_RETURN(query.by, ToGroupBy(request.by()));
  RETURN_IF_ERROR(CheckLimit(request.limit()));
  RETURN_IF_ERROR(CheckAttributeKey(query.by == GroupBy::kAttribute, request.attribute_key()));
  query.attribute_key = request.attribute_key();
  ASSIGN_OR_RETURN(query.filter, ToCallFilter(request.filter()));
  return query;
}

absl::StatusOr<TopQuery> ToTopQuery(const itemized::v1::GetTopRequest& request);
absl::StatusOr<SeriesQuery> ToSeriesQuery(const itemized::v1::GetSeriesRequest& request);
absl::StatusOr<OutliersQuery> ToOutliersQuery(const itemized::v1::GetOutliersRequest& request);
absl::StatusOr<DistributionQuery> ToDistributionQuery(
    const itemized::v1::GetDistributionRequest& request);
absl::StatusOr<RunQuery> ToRunQuery(const itemized::v1::GetRunRequest& request);

// Finds the time zone that IANA calls `name`; "" is UTC.
absl::StatusOr<absl::TimeZone> ToTimeZone(absl::string_view name);

}  // namespace itemized::server
