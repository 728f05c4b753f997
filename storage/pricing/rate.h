// SPDX-License-Identifier: Apache-2.0
#pragma once

// A rate: what a unit of each usage class costs for some models from an
// instant on. Semantics and sources: see the comments of itemized.v1.Rate and
// ARCHITECTURE.md, "Money, prices".

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

// Pico-dollars per token, search or call. USD per 1M tokens = 10^6 of these.
using Prices = std::array<std::optional<int64_t>, kPriceCount>;

inline constexpr int64_t kPriceMaxPicos = 1'000'000'000'000'000;  // 1,000 USD a unit.
inline constexpr size_t kSourceBytesMax = 500;
inline constexpr size_t kTiersMax = 16;

struct RateTier {
  int64_t input_tokens_over = 0;  // For calls whose total input is strictly above.
  Prices prices{};                // Where absent, the base price holds.

  bool operator==(const RateTier&) const = default;
};

struct Rate {
  std::string provider;  // Empty: any.
  ModelMatch match;
  int64_t effective_from_us = 0;  // Inclusive; 0: always.
  Prices prices{};
  std::vector<RateTier> tiers;  // By rising threshold.
  std::string source;

  bool operator==(const Rate&) const = default;
};

}  // namespace itemized
