// SPDX-License-Identifier: Apache-2.0
#pragma once

// Exact money. The unit is the pico-dollar, 10^-12 USD: a price of one
// millionth of a dollar per million tokens is 1 pico-dollar per token, so the
// cost of a call is an integer sum of products and is never rounded.
//
//   CHECK(FormatUsd(147'000'000'000) == "0.147");
//   CHECK(*ParseUsd("0.147") == 147'000'000'000);

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized {

// A total in pico-dollars. One call costs at most 2^63-1, and fewer than 2^63
// calls exist, so a sum of calls cannot leave 128 bits.
using Picos = absl::int128;

inline constexpr int64_t kPicosPerUsd = 1'000'000'000'000;

// Returns the shortest exact decimal in USD: "0.147", "-3", "0".
std::string FormatUsd(Picos picos);

// Returns the exact value of a decimal such as "0.147", "-2" or "3e-06", scaled by
// 10^`decimals`. Errors: INVALID_ARGUMENT if `text` is no decimal number,
// needs more than `decimals` digits after the point, or does not fit.
absl::StatusOr<Picos> ParseDecimal(absl::string_view text, int decimals);

// Returns the exact value of a decimal in USD, in pico-dollars. Errors are those of ParseDecimal.
absl::StatusOr<Picos> ParseUsd(absl::string_view text);

// Returns numerator / denominator, rounded half to even. `denominator` > 0.
Picos DivideRounded(Picos numerator, Picos denominator);

}  // namespace itemized
