// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rate book: all rates, and the price of a call under them.

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
#include "storage/model/usage.h"
#include "storage/pricing/rate.h"

namespace itemized {

// The cost of `usage` under `rate`, or nothing if a class that was used has
// no price. The tier is chosen by total input and covers the whole call.
// A class without a price of its own is billed as the class it is part of.
// `usage` is valid (counts in [0, kTokensMax], reasoning <= output).
std::optional<Picos> PriceUsage(const Rate& rate, const Usage& usage);

// INVALID_ARGUMENT with a sentence if `rate` cannot be put in the book.
absl::Status ValidateRate(const Rate& rate);

// What a book holds at most: it bounds the memory, and how long the look-up of a name that is
// new takes (CompiledMatch::Effort).
inline constexpr size_t kRatesMax = 20'000;
inline constexpr size_t kMatchLeavesMax = 50'000;
inline constexpr size_t kMatchSearchesMax = 2'000;
inline constexpr size_t kMatchInstructionsMax = 200'000;

// A rate that has been checked, with its expressions compiled. Never changes.
class CheckedRate {
 public:
  // Errors as ValidateRate.
  static absl::StatusOr<std::shared_ptr<const CheckedRate>> Make(Rate rate);

  explicit CheckedRate(Rate rate);  // Of a valid one.
  CheckedRate(const CheckedRate&) = delete;
  CheckedRate& operator=(const CheckedRate&) = delete;

  const Rate& rate() const { return rate_; }
  const std::string& key() const { return key_; }  // RateKey.
  const CompiledMatch& match() const { return match_; }

 private:
  const Rate rate_;
  const std::string key_;
  const CompiledMatch match_;
};
using CheckedRatePtr = std::shared_ptr<const CheckedRate>;

// INVALID_ARGUMENT if so many rates cannot be in any book.
absl::Status CheckRateCount(size_t count);

// Rates ready for look-up. Copyable; a copy shares the rates. Thread-safe when const.
class RateBook {
 public:
  // The rates of one provider and model, by rising instant; at most one of
  // them is effective at a time. A view into the book: valid until it changes.
  class Schedule {
   public:
    // The rate effective at `time_us`, or null.
    const Rate* At(int64_t time_us) const;
    bool empty() const { return rates_.empty(); }

   private:
    friend class RateBook;
    void Append(const Rate& rate);

    std::vector<const Rate*> rates_;  // rates_[i] holds from from_us_[i] to the next.
    std::vector<int64_t> from_us_;
  };

  // Adds `rate`, or replaces the one of the same provider, match and instant
  // (true). INVALID_ARGUMENT if the book would hold too much; then it has not changed.
  absl::StatusOr<bool> Set(CheckedRatePtr rate);
  // The same; errors also as ValidateRate.
  absl::StatusOr<bool> Set(Rate rate);

  // Takes out the rate of this RateKey, and hands it over; null if there is none.
  CheckedRatePtr Remove(const std::string& key);

  // The schedule for calls of this provider and model. At every instant the
  // best match among the rates effective then: one for this provider before
  // one for any; an exact name before a pattern; the longer pattern (see
  // ModelMatch::Specificity); the later effective instant; the first in
  // List(). So the answer depends on the rates alone, not on when they were set.
  Schedule Find(absl::string_view provider, absl::string_view model) const;

  // All rates, by RateKey: by provider, match and instant.
  std::vector<Rate> List() const;

  size_t size() const { return rates_.size(); }
  // Whether looking a name up takes more than finding it in a table.
  bool has_patterns() const { return !patterns_.empty(); }

 private:
  using Candidates = std::vector<const CheckedRate*>;

  Candidates CandidatesFor(absl::string_view provider, absl::string_view model) const;

  std::map<std::string, CheckedRatePtr> rates_;  // By RateKey.
  // The same once more, to be found by: those of one exact name, and the rest.
  absl::flat_hash_map<std::string, Candidates> exact_;
  Candidates patterns_;
  CompiledMatch::Effort effort_;
};

// The persisted form of a rate (storage/FORMAT.md, "Rates").
std::string EncodeRate(const Rate& rate);
absl::StatusOr<Rate> DecodeRate(absl::string_view bytes);  // DATA_LOSS if malformed.

// The key under which it is persisted: equal for rates that replace each
// other; its byte order is by provider, text of the match, and instant.
std::string RateKey(const Rate& rate);

}  // namespace itemized
