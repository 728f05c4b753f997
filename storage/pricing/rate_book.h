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
#include <tuple>
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

namespace itemized {

// Returns the cost of `usage` under `rate`, or nothing if a class that was used has no price. The
// tier is chosen by total input and covers the whole call. A class without a price of its own is
// billed as the class it is part of. `usage` must be valid (counts in [0, kTokensMax], reasoning <=
// output).
std::optional<Picos> PriceUsage(const Rate& rate, const Usage& usage);

// Returns INVALID_ARGUMENT with a sentence if `rate` cannot be put into any book. The sentence does
// not name the rate; the caller knows under which name its user knows it.
absl::Status ValidateRate(const Rate& rate);

// What a book holds at most. This bounds its memory, and how long the look-up of a new name takes
// (CompiledMatch::Effort).
inline constexpr size_t kRatesMax = 20'000;
inline constexpr size_t kMatchLeavesMax = 50'000;
inline constexpr size_t kMatchSearchesMax = 2'000;
inline constexpr size_t kMatchInstructionsMax = 200'000;

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

// Returns INVALID_ARGUMENT if `count` rates are more than a book holds.
absl::Status CheckRateCount(size_t count);

// All rates, ready for look-up. Copyable; a copy shares the rates. Thread-safe when const.
class RateBook {
 public:
  // The rates that hold for one provider and model; at most one of them is effective at a time. A
  // view into the book: valid until it changes.
  class Schedule {
   public:
    // A rate, and how well it fits the names.
    struct Candidate {
      const Rate* rate = nullptr;
      size_t form = 0;         // Which of FormsOf it matches; the first fits best.
      size_t specificity = 0;  // ModelMatch::Specificity.

      // The candidate of the greatest rank is the best; equal ones keep the order of the book.
      std::tuple<bool, size_t, bool, size_t, int64_t, bool> Rank() const;
    };

    // Returns the rate effective at `time_us`, or null.
    const Rate* At(int64_t time_us) const;
    bool empty() const { return all_day_.empty() && by_hour_.empty(); }

   private:
    friend class RateBook;
    void Append(const Candidate& candidate);

    std::vector<Candidate> all_day_;  // all_day_[i] holds from from_us_[i] to the next,
    std::vector<int64_t> from_us_;
    std::vector<Candidate> by_hour_;  // but where one of these does. They are few.
  };

  // Adds `rate`, or replaces the one with an equal RateKey; returns whether it replaced one.
  // INVALID_ARGUMENT if the book would hold too much; then it has not changed.
  absl::StatusOr<bool> Set(CheckedRatePtr rate);
  // Checks `rate` first; errors are also those of ValidateRate.
  absl::StatusOr<bool> Set(Rate rate);

  // Takes out the rate whose RateKey is `key`, and returns it; null if there is none.
  CheckedRatePtr Remove(const std::string& key);

  // Returns the rate whose RateKey is `key`, or null. It is valid until the book changes.
  const Rate* Get(const std::string& key) const;

  // Returns the schedule for calls of this provider and model. At every instant it has the best
  // match among the rates effective then: a user's rate goes before a bundled one; one for the
  // names as they stand before one for what they are read as (FormsOf, in its order); a rate for
  // this provider before one for any; an exact name before a pattern; the longer pattern before the
  // shorter (ModelMatch::Specificity); the later effective instant before the earlier; one for some
  // hours of the day before one for all; and among equals the first in List(). So the answer
  // depends on the rates alone, not on when they were set.
  // Only rates for calls that are served as `served` says count: where there are none, the call has
  // no price, and never that of another tier or region.
  Schedule Find(absl::string_view provider, absl::string_view model,
                const ServedAs& served = {}) const;
  // Returns whether any rate is for calls of these names, however they are served.
  bool Covers(absl::string_view provider, absl::string_view model) const;

  // Returns all rates, sorted by RateKey: by provider, match and instant.
  std::vector<Rate> List() const;

  size_t size() const { return rates_.size(); }
  // Returns whether looking a name up takes more than finding it in a table.
  bool has_patterns() const { return !patterns_.empty(); }

 private:
  using Rates = std::vector<const CheckedRate*>;
  using RatesByText = absl::flat_hash_map<std::string, Rates>;

  Rates& ListOf(const CheckedRate& rate);
  std::vector<Schedule::Candidate> CandidatesFor(absl::string_view provider,
                                                 absl::string_view model) const;

  std::map<std::string, CheckedRatePtr> rates_;  // Keyed by RateKey.
  // Find looks here: `exact_` has the rates of one exact name under it, `patterns_` all others
  // under their canonical provider.
  RatesByText exact_;
  RatesByText patterns_;
  CompiledMatch::Effort effort_;
};

// Return and read the persisted form of a rate (storage/FORMAT.md, "Rates").
std::string EncodeRate(const Rate& rate);
absl::StatusOr<Rate> DecodeRate(absl::string_view bytes);  // DATA_LOSS if malformed.

// Returns the key under which `rate` is persisted. Rates that replace each other have equal keys;
// the byte order of keys is by provider, text of the match, and instant.
std::string RateKey(const Rate& rate);

}  // namespace itemized
