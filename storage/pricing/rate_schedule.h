// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rates that calls of some names may have, ordered by what they are for and by time.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

#include "storage/model/served_as.h"
#include "storage/pricing/rate.h"

namespace itemized {

// A rate, and how well it fits the names of a call.
struct RateCandidate {
  const Rate* rate = nullptr;
  size_t form = 0;         // Which of FormsOf it matches; the first fits best.
  size_t specificity = 0;  // ModelMatch::Specificity.

  // The candidate of the greatest rank is the best; equal ones keep the order of the book.
  std::tuple<bool, size_t, bool, size_t, int64_t, bool> Rank() const;
};

// Rates that are for the same calls; at most one of them is effective at a time.
class RateTimeline {
 public:
  // Adds a candidate. Those of rising instants must come first, equal ones in the order of the
  // book.
  void Add(const RateCandidate& candidate);
  // Returns the candidate effective at `time_us`, or null.
  const RateCandidate* At(int64_t time_us) const;
  bool empty() const { return all_day_.empty() && by_hour_.empty(); }
  bool has_hours() const { return !by_hour_.empty(); }

  // Adds the instants at which rates begin, and the hours of those that are not for all day.
  void AddBeginnings(std::vector<int64_t>* instants_us, std::vector<HoursOfDay>* hours) const;

 private:
  std::vector<RateCandidate> all_day_;  // all_day_[i] holds from from_us_[i] to the next,
  std::vector<int64_t> from_us_;
  std::vector<RateCandidate> by_hour_;  // but where one of these does. They are few.
};

// What a call is priced by: a rate with prices of its own, and what is applied to these, each to
// what the one before it made of them.
struct Terms {
  RateCandidate base;              // Its rate is null if none holds.
  const Rate* exchange = nullptr;  // The exchange rate, if the base is in another currency.
  bool has_no_exchange = false;    // The base is in another currency, and no exchange rate holds.
  absl::InlinedVector<RateCandidate, 2> multipliers;

  bool is_priced() const { return base.rate != nullptr && !has_no_exchange; }
};

// The rates for calls of one provider and model that are served in one way. A view into the book:
// valid until it changes.
class RateSchedule {
 public:
  RateSchedule() = default;  // Has no rates.

  // Returns what a call at `time_us` is priced by (RateBook::Find has the rules).
  Terms TermsAt(int64_t time_us) const;
  // Returns the rate of TermsAt with prices of its own, or null.
  const Rate* At(int64_t time_us) const { return TermsAt(time_us).base.rate; }
  // Whether there is no rate for such calls.
  bool empty() const { return own_.empty() && others_.empty(); }
  // Whether a call could have a price at some time.
  bool has_prices() const;
  // Whether TermsAt may differ between the instants of a day.
  bool has_hours() const;
  // Returns the instants at which rates begin, rising. Between two of them TermsAt is the same,
  // unless has_hours().
  std::vector<int64_t> BeginningsUs() const;
  // Returns the first instant at which TermsAt has a price; nothing if it never has one.
  std::optional<int64_t> FirstPricedUs() const;

 private:
  friend class RateBook;
  // What a rate is for, as a number: which contract of the call (from 1; 0 for none), whether its
  // tier, whether its region, and whether it is a multiplier.
  struct Place {
    size_t contract = 0;
    bool tier = false;
    bool region = false;
    bool multiplies = false;

    bool operator==(const Place&) const = default;
  };

  explicit RateSchedule(const ServedAs& served);
  void Add(const Place& place, const RateCandidate& candidate);
  void AddExchange(const RateCandidate& candidate);
  const RateCandidate* Best(const Place& place, int64_t time_us) const;
  bool Walk(const Place& call, bool needs_contract, int64_t time_us, Terms* terms) const;
  bool Multiply(const Place& call, bool by_contract, int64_t time_us, Terms* terms) const;
  size_t ContractAfter(size_t contract) const;
  void Exchange(int64_t time_us, Terms* terms) const;
  template <typename Visit>
  void ForEachTimeline(Visit visit) const;

  Place call_;            // What the calls are.
  size_t contracts_ = 0;  // How many contracts the calls have.
  RateTimeline own_;      // The rates with prices of their own that are for just such calls.
  // What the price of such calls may be made of besides. Empty for most names.
  std::vector<std::pair<Place, RateTimeline>> others_;
  std::vector<std::pair<std::string, RateTimeline>> exchanges_;  // Keyed by currency.
};

}  // namespace itemized
