// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parameters that several questions take.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "itemized/v1/query.pb.h"
#include "proto/text/window.h"

#include "server/http/parameters.h"

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

}  // namespace itemized::server
