// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/pricing: rates, which rate holds for a call, and what it costs. May use base and model.

// The rate book: all rates, and the price of a call under them (FinOps: the price list, and the
// billed cost).

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/model/call.h"
#include "storage/model/served_as.h"
#include "storage/model/usage.h"
#include "storage/pricing/rate.h"
#include "storage/pricing/rate_schedule.h"

namespace itemized {

// Returns the cost of `usage` under `rate`, or nothing if a class that was used has no price. The
// tier is chosen by total input and covers the whole call. A class without a price of its own is
// billed as the class it is part of. `usage` must be valid (counts in [0, kTokensMax], reasoning <=
// output).
std::optional<Picos> PriceUsage(const Rate& rate, const Usage& usage);
// Returns the cost of `usage` under `terms`, or nothing if there is no rate, no exchange rate, or
// no price for a class that was used. A cost beyond 63 bits may be less than it would be.
std::optional<Picos> PriceUsage(const Terms& terms, const Usage& usage);

// Returns what a price of a unit of the terms' base comes to: exchanged into USD and multiplied,
// each time rounded half to even to a whole pico-dollar. 2^63 stands for whatever is more.
Picos PriceUnder(const Terms& terms, int64_t price);

// What one class of usage costs.
struct BilledLine {
  size_t price_class = 0;  // A UsageClass as a number, or kRequestPrice.
  int64_t count = 0;
  std::optional<int64_t> list_price;  // The price of a unit before exchange and multipliers.
  std::optional<Picos> price;         // The price of a unit that is billed.
};
// Returns what PriceUsage adds up. `terms` has a rate.
std::vector<BilledLine> LinesOf(const Terms& terms, const Usage& usage);
// Returns the tier of `rate` that usage is in; null if it is in none.
const RateTier* TierOf(const Rate& rate, const Usage& usage);

// Returns INVALID_ARGUMENT with a sentence if `rate` cannot be put into any book. The sentence does
// not name the rate; the caller knows under which name its user knows it.
absl::Status ValidateRate(const Rate& rate);

// What a book holds at most. This bounds its memory, and how long the look-up of a new name takes
// (CompiledMatch::Effort).
inline constexpr size_t kRatesMax = 20'000;
inline constexpr size_t kMatchLeavesMax = 50'000;
inline constexpr size_t kMatchSearchesMax = 2'000;
inline constexpr size_t kMatchInstructionsMax = 200'000;
inline constexpr size_t kContractKeysMax = 4;  // Keys of attributes that its rates may name.

// A valid rate with its expressions compiled. It never changes, so it is thread-safe.
class CheckedRate {
 public:
  // Checks `rate`. Errors are those of ValidateRate.
  static absl::StatusOr<std::shared_ptr<const CheckedRate>> Make(Rate rate);

  explicit CheckedRate(Rate rate);  // `rate` must be valid.
  CheckedRate(const CheckedRate&) = delete;
  CheckedRate& operator=(const CheckedRate&) = delete;

  const Rate& rate() const { return rate_; }
  const std::string& key() const { return key_; }  // RateKey(rate()).
  // The provider as CanonicalProvider has it.
  const std::string& provider() const { return provider_; }
  const CompiledMatch& match() const { return match_; }

 private:
  const Rate rate_;
  const std::string key_;
  const std::string provider_;
  const CompiledMatch match_;
};
using CheckedRatePtr = std::shared_ptr<const CheckedRate>;

// Returns INVALID_ARGUMENT if matches that take `effort` are more than a book holds.
absl::Status CheckEffort(const CompiledMatch::Effort& effort);
// Returns INVALID_ARGUMENT if `count` rates are more than a book holds.
absl::Status CheckRateCount(size_t count);

// All rates, ready for look-up. Copyable; a copy shares the rates. Thread-safe when const.
class RateBook {
 public:
  using Schedule = RateSchedule;

  // Adds `rate`, or replaces the one with an equal RateKey; returns whether it replaced one.
  // INVALID_ARGUMENT if the book would hold too much; then it has not changed.
  absl::StatusOr<bool> Set(CheckedRatePtr rate);
  // Checks `rate` first; errors are also those of ValidateRate.
  absl::StatusOr<bool> Set(Rate rate);

  // Takes out the rate whose RateKey is `key`, and returns it; null if there is none.
  CheckedRatePtr Remove(const std::string& key);

  // Returns the rate whose RateKey is `key`, or null. It is valid until the book changes.
  const Rate* Get(const std::string& key) const;

  // Returns the schedule for calls of this provider and model that are served as `served` says. At
  // every instant their price follows from these rules:
  //   a. A rate with prices of its own for just such calls, by tier, region and contract, has them.
  //   b. Else a multiplier for a contract, tier or region applies to the price that the call would
  //      have without that one. One for several of them goes before one for fewer; one for a
  //      contract before one for a tier, and that before one for a region. So a tenant's 0.8 goes
  //      on top of flex at 0.5, and that on top of the list price.
  //   c. A contract for which (a) and (b) find nothing is no condition. A call with several has the
  //      first by (a) and (b), and in what that applies to the next one.
  //   d. A multiplier for no contract, tier or region is a discount on the list: it applies once to
  //      all prices of (a) but those of a contract, and first.
  //   e. A tier or region with neither price nor multiplier leaves the call without a price, and
  //      never with that of another one.
  // Among the rates that (a) could take, or (b) or (d), the best match that is effective then
  // holds: a user's rate goes before a bundled one; one for the names as they stand before one for
  // what they are read as (FormsOf, in its order); a rate for this provider before one for any; an
  // exact name before a pattern; the longer pattern before the shorter (ModelMatch::Specificity);
  // the later effective instant before the earlier; one for some hours of the day before one for
  // all; and among equals the first in List(). So the answer depends on the rates alone, not on
  // when they were set.
  Schedule Find(absl::string_view provider, absl::string_view model,
                const ServedAs& served = {}) const;
  // Returns whether any rate is for calls of these names, however they are served.
  bool Covers(absl::string_view provider, absl::string_view model) const;
  // Returns whether any of them has prices of its own, and is no multiplier.
  bool HasPrices(absl::string_view provider, absl::string_view model) const;
  // Returns whether any rate of these names has prices in one of the currencies whose exchange
  // rates are in `exchanges`.
  bool CoversCurrency(absl::string_view provider, absl::string_view model,
                      const RateBook& exchanges) const;

  // Returns all rates, sorted by RateKey: by provider, match and instant.
  std::vector<Rate> List() const;

  // Returns the names and beginnings of names that rates with prices are for, sorted.
  std::vector<std::string> Names() const;

  // Tells the bundled rates: how many there are, and the source that they name.
  struct Bundled {
    int64_t rates = 0;
    std::string source = {};
  };
  Bundled bundled() const;

  size_t size() const { return rates_.size(); }
  // Returns whether looking a name up takes more than finding it in a table.
  bool has_patterns() const { return !patterns_.empty(); }
  // The attributes that rates of this book are for.
  const Contracts& contracts() const { return contracts_; }
  bool has_exchanges() const { return !exchanges_.empty(); }

 private:
  using Rates = std::vector<const CheckedRate*>;
  using RatesByText = absl::flat_hash_map<std::string, Rates>;

  RatesByText& TextsOf(const CheckedRate& rate);
  Rates& ListOf(const CheckedRate& rate);
  void Enter(const CheckedRate& rate);
  std::vector<RateCandidate> CandidatesFor(absl::string_view provider,
                                           absl::string_view model) const;
  void AddExchanges(const std::vector<RateCandidate>& candidates, Schedule* schedule) const;

  std::map<std::string, CheckedRatePtr> rates_;  // Keyed by RateKey.
  // Find looks here: `exact_` has the rates of one exact name under it, `patterns_` all others
  // under their canonical provider.
  RatesByText exact_;
  RatesByText patterns_;
  RatesByText exchanges_;  // Exchange rates by currency.
  Contracts contracts_;
  CompiledMatch::Effort effort_;
};

// Return and read the persisted form of a rate (storage/FORMAT.md, "Rates").
std::string EncodeRate(const Rate& rate);
absl::StatusOr<Rate> DecodeRate(absl::string_view bytes);  // DATA_LOSS if malformed.

// Returns the key under which `rate` is persisted. Rates that replace each other have equal keys;
// the byte order of keys is by provider, text of the match, and instant.
std::string RateKey(const Rate& rate);

}  // namespace itemized
