// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parameters that several questions take.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "itemized/v1/query.pb.h"
#include "proto/text/window.h"

#include "server/http/parameters.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

// Takes window, from, to, tz and as_known_at as they stand.
text::WindowArguments TakeWindowArguments(Parameters& parameters);

// Takes the same and sets the window; `*zone_name` becomes the time zone's. INVALID_ARGUMENT says
// what is wrong, here and below.
absl::Status TakeWindow(Parameters& parameters, int64_t now_us, itemized::v1::WindowSpec* window,
                        std::string* zone_name = nullptr);

// Takes step, model, workflow, provider and attribute=KEY=VALUE, which may come several times.
absl::Status TakeFilter(Parameters& parameters, itemized::v1::CallFilter* filter);

// Takes by. Leaves both as they were if there is no such parameter.
absl::Status TakeGroup(Parameters& parameters, itemized::v1::GroupBy* by,
                       std::string* attribute_key);

// Takes limit.
absl::StatusOr<int32_t> TakeLimit(Parameters& parameters);

// Takes by, limit, window, from, to, tz, as_known_at and the filter, and nothing else, for a
// ranking such as GetTopRequest.
template <typename Request>
absl::StatusOr<Request> ToRankingRequest(Parameters parameters, int64_t now_us) {
  Request request;
  itemized::v1::GroupBy by = itemized::v1::GROUP_BY_STEP;
  RETURN_IF_ERROR(TakeGroup(parameters, &by, request.mutable_attribute_key()));
  request.set_by(by);
  RETURN_IF_ERROR(TakeWindow(parameters, now_us, request.mutable_window()));
  RETURN_IF_ERROR(TakeFilter(parameters, request.mutable_filter()));
  ASSIGN_OR_RETURN(const int32_t limit, TakeLimit(parameters));
  request.set_limit(limit);
  RETURN_IF_ERROR(parameters.Finish());
  return request;
}

}  // namespace itemized::server
