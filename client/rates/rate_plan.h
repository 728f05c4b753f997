// SPDX-License-Identifier: Apache-2.0
#pragma once

// What becomes of a rate book if rates are set, found out before they are.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "itemized/v1/rates.pb.h"

#include "storage/base/money.h"

namespace itemized::client {

// One price of a rate before and after. An amount is "" where there is none.
struct PriceMove {
  std::string field;        // A field of v1.Prices, "multiplier" or "currency".
  int64_t over_tokens = 0;  // Input tokens above which it holds; -1 for a price outside the tiers.
  std::string before;       // USD for the units of the field, as is `after`.
  std::string after;
};

// A rate that would be set.
struct PlannedRate {
  v1::Rate rate;
  // The rate whose place it takes; for a new one, the rate by which a call of the same names that
  // is served in the same way is priced now. None if there is none.
  std::optional<v1::Rate> before;
  std::vector<PriceMove> moves;  // Prices that differ from those of `before`; else all.
};

struct RefusedRate {
  v1::Rate rate;
  std::string reason;  // A sentence.
};

struct RatePlan {
  std::vector<PlannedRate> added;
  std::vector<PlannedRate> changed;
  int64_t unchanged = 0;  // Rates of the book that have these prices already.
  std::vector<RefusedRate> refused;

  int64_t replaced() const { return static_cast<int64_t>(changed.size()) + unchanged; }
};

// Returns what comes of setting `rates` in a book that holds `book`, with the bundled rates in it.
// Rates of the book that this build does not understand are left out. Thread-safe.
RatePlan PlanRates(absl::Span<const v1::Rate> book, absl::Span<const v1::Rate> rates,
                   int64_t now_us);

// Returns `after` / `before` as "x1.5", "x0.25", or "x1/1,000" where it is small; "" if one of them
// is none or `before` is 0.
std::string FactorText(const PriceMove& move);

// Returns whether a price moves more than tenfold, up or down. From 0 and to 0 counts.
bool IsLarge(const PriceMove& move);

// Returns a sentence for each rate of which a price moves more than tenfold, by the name that
// `name` gives it: at most 20, and one more that says how many others there are.
std::vector<std::string> LargeMoves(const RatePlan& plan,
                                    std::string (*name)(const v1::Rate& rate));

}  // namespace itemized::client
