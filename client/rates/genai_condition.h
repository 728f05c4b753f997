// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "client/rates/json.h"

namespace itemized::client {

// Reads the `constraint` of prices in the form of genai-prices v2, a date from which or the hours
// of the day in which they hold, into `rate`, which holds no earlier than `not_before_us`. Null
// means that there is none. Returns false if it is of another kind, and INVALID_ARGUMENT with the
// end of a sentence, without a full stop, if it cannot be read.
absl::StatusOr<bool> ReadCondition(const JsonValue* constraint, int64_t not_before_us,
                                   v1::Rate* rate);

}  // namespace itemized::client
