// SPDX-License-Identifier: Apache-2.0
#pragma once

// A rate: what a unit of each usage class costs for some models from an instant on (FinOps: a list
// unit price). The comments of itemized.v1.Rate and ARCHITECTURE.md ("Money, prices") have the
// rules.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/model/usage.h"
#include "storage/pricing/model_match.h"

namespace itemized {

// Prices exist for every usage class and for the call as such.
inline constexpr size_t kRequestPrice = kUsageClassCount;
inline constexpr size_t kPriceCount = kUsageClassCount + 1;

// Prices in pico-dollars per token, search or call: 1 USD per million tokens is 10^6 of these.
using Prices = std::array<std::optional<int64_t>, kPriceCount>;

inline constexpr int64_t kPriceMaxPicos = 1'000'000'000'000'000;  // That is 1,000 USD a unit.
inline constexpr size_t kSourceBytesMax = 500;
inline constexpr size_t kTiersMax = 16;

struct RateTier {
  int64_t input_tokens_over = 0;  // The tier is for calls whose total input is strictly above this.
  Prices prices{};                // Where a price is absent, that of the rate holds.

  bool operator==(const RateTier&) const = default;
};

struct Rate {
  std::string provider;  // Empty means any.
  ModelMatch match;
  int64_t effective_from_us = 0;  // Inclusive; 0 means always.
  Prices prices{};
  std::vector<RateTier> tiers;  // Sorted by rising threshold.
  std::string source;

  bool operator==(const Rate&) const = default;
};

}  // namespace itemized
