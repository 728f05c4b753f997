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

// Who set a rate. PERSISTED: never change or reuse a number.
enum class RateOrigin : uint8_t {
  kUser = 0,     // Wins over every bundled rate.
  kBundled = 1,  // Came with a release of the program, of which a newer one may change it.
};

// A part of each day in UTC, as [from_s, to_s) in seconds since midnight. It goes on beyond
// midnight if to_s is not above from_s. The whole day if both are 0.
struct HoursOfDay {
  int32_t from_s = 0;
  int32_t to_s = 0;

  bool is_whole_day() const { return from_s == to_s; }
  bool Contains(int64_t time_us) const;

  bool operator==(const HoursOfDay&) const = default;
};

struct Rate {
  std::string provider;  // Empty means any.
  ModelMatch match;
  int64_t effective_from_us = 0;  // Inclusive; 0 means always.
  HoursOfDay hours;               // The hours of the day that it is for.
  // How the calls are served that it is for (ServedAs); both "" for the standard.
  std::string service_tier;
  std::string region;
  // The attribute that calls must have, by which a contract is told; both "" for any call.
  std::string attribute_key;
  std::string attribute_value;
  RateOrigin origin = RateOrigin::kUser;
  Prices prices{};
  std::vector<RateTier> tiers;  // Sorted by rising threshold.
  // Parts per million of the price that would hold without this rate, which has no prices of its
  // own then. 0: it has its own.
  int64_t multiplier_ppm = 0;
  std::string currency;  // That of the prices, by ISO 4217; "" for USD.
  std::string source;
  std::string note;            // What whoever set it says of it.
  int64_t recorded_at_us = 0;  // When it came into the book; 0 if that was not kept.

  bool operator==(const Rate&) const = default;
};

}  // namespace itemized
