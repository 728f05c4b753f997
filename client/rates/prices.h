// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of price files share: exact prices, tiers, and the counting of what was left
// out.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/rates.pb.h"

#include "client/rates/json.h"
#include "storage/base/money.h"

namespace itemized::client {

// How many units a file states a price for, as a power of ten.
enum class PricedUnits { kOne = 0, kThousand = 3, kMillion = 6 };

// A price in pico-dollars a unit.
struct Price {
  Picos picos = 0;
  bool rounded = false;  // It was stated finer than a pico-dollar.
};

// Returns the price that a number, or a string that holds one, states in USD for `units`.
// INVALID_ARGUMENT if it is none, negative or above the limit; the message is a predicate without a
// full stop, such as "is not a price; give a number in USD", which goes on the caller's sentence.
absl::StatusOr<Price> ReadPrice(const JsonValue& value, PricedUnits units);

// Returns for how many units v1.Prices and the simple form state the price of a field.
PricedUnits UnitsOfField(absl::string_view field);

// Sets the field of v1.Prices with that name ("cache_read").
void SetPrice(absl::string_view field, Picos picos, v1::Prices* prices);

// Whether v1.Prices has a field of that name.
bool IsPriceField(absl::string_view name);

bool HasPrice(const v1::Prices& prices);

// Returns whether each price that there is is 0.
bool IsFree(const v1::Prices& prices);

// The unit of factors: 1.1 is 1.1 * kFactorUnit.
inline constexpr int64_t kFactorUnit = kPicosPerUsd;

// Multiplies all prices of tokens by `factor`, also those of tiers. Those of searches and calls
// stay. Returns how many had to be rounded to a pico-dollar; nothing if a price would be above the
// limit, or 0 where it was not.
std::optional<int64_t> ScaleTokenPrices(Picos factor, v1::Rate* rate);

// Prices above thresholds of total input tokens, given one by one. Files mean
// that a price holds until the next one of its own class; a rate's tier
// replaces the one before it, so Finish repeats what still holds.
class TierSet {
 public:
  void Set(int64_t input_tokens_over, absl::string_view field, Picos picos);
  void Finish(v1::Rate* rate) const;
  bool empty() const { return tiers_.empty(); }

 private:
  std::map<int64_t, v1::Prices> tiers_;
};

// Returns a count with its noun: "1 model", "2 models".
std::string Counted(int64_t count, absl::string_view noun);

// Counts things by name, for one sentence about all of them.
class Tally {
 public:
  void Add(absl::string_view name) { ++counts_[std::string(name)]; }
  bool empty() const { return counts_.empty(); }
  int64_t total() const;

  // Returns at most eight names, the most frequent first: "chat (12), image (3)".
  std::string ToString() const;

 private:
  std::map<std::string, int64_t> counts_;
};

}  // namespace itemized::client
