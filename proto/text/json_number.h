// SPDX-License-Identifier: Apache-2.0
#pragma once

// Exact readings of JSON numbers from their text, without floating point.

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::text {

// Whether `text` is a number as JSON writes it.
bool IsJsonNumber(absl::string_view text);

// The value of `text` times 10^`decimals`; digits finer than that are cut off.
// Of JSON numbers only. Errors: OUT_OF_RANGE if it does not fit.
absl::StatusOr<int64_t> ScaledJsonNumber(absl::string_view text, int decimals);

}  // namespace itemized::text
