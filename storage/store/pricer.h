// SPDX-License-Identifier: Apache-2.0
#pragma once

// What calls cost, both those that arrive and those that are stored.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/model/call.h"
#include "storage/model/served_as.h"
#include "storage/model/usage.h"
#include "storage/pricing/rate_book.h"
#include "storage/pricing/rate_lookups.h"
#include "storage/store/trusted_costs.h"

namespace itemized {

// Finds rates by the numbers of names, and remembers what it found. One is made for one piece of
// work, such as a commit: what it hands out stays valid and the same for as long as it lives,
// whatever book comes into force meanwhile. Not thread-safe.
class Pricer {
 public:
  // All of them outlive it; no name of the catalog is numbered anew meanwhile.
  Pricer(RateLookups* rates, const Catalog& catalog, const TrustedCosts& trusted)
      : rates_(*rates), catalog_(catalog), trusted_(trusted), book_(rates->book()) {}
  Pricer(const Pricer&) = delete;
  Pricer& operator=(const Pricer&) = delete;

  // The attributes of calls that decide what they cost, for the `served` of RatesFor.
  const Contracts& contracts() const { return book_->contracts(); }

  // Returns the rates for calls of these names. Either number may be Catalog::kUnknown, for a name
  // that is not numbered yet, or that of kOtherName, which stands for many names; the texts are
  // those of the call.
  const RateBook::Schedule& RatesFor(NameId provider, NameId model, absl::string_view provider_text,
                                     absl::string_view model_text, const ServedAs& served);

  // Returns what a call at `time_us` costs whose usage was reported. It is unpriced without a rate,
  // or if the cost does not fit 63 bits (`*too_large` is then set).
  static CallCost Price(const RateBook::Schedule& schedule, int64_t time_us, const Usage& usage,
                        bool* too_large);

  // Returns what a call without usage costs. One that failed and reported nothing is free, since
  // providers bill nothing for it. Any other may well have been billed, a stream that was cancelled
  // too: it is unpriced.
  static constexpr CallCost WithoutUsage(CallStatus status, bool usage_unknown) {
    return {.picos = 0, .unpriced = status != CallStatus::kError || usage_unknown};
  }

  // Returns what a call costs by what its provider reported, if that counts.
  std::optional<CallCost> ReportedCost(absl::string_view provider,
                                       std::optional<int64_t> picos) const {
    return trusted_.Of(provider, picos);
  }

  // Returns what row `row` costs by the rates of this, and by what its provider reported if that
  // counts, whatever it cost before.
  CallCost PriceRow(const CallRows& calls, size_t row) {
    return PriceRow(calls, row, calls.RowUsageAt(row));
  }
  // Returns what it would cost with this usage.
  CallCost PriceRow(const CallRows& calls, size_t row, const RowUsage& usage);

 private:
  using SchedulePtr = RateLookups::SchedulePtr;

  const RateBook::Schedule& RatesByText(absl::string_view provider, absl::string_view model,
                                        const ServedAs& served);
  bool StandsForOne(NameKind kind, NameId name) const;

  RateLookups& rates_;
  const Catalog& catalog_;
  const TrustedCosts& trusted_;
  const std::shared_ptr<const RateBook> book_;            // The book that was in force at first.
  absl::flat_hash_map<uint64_t, SchedulePtr> by_number_;  // Keyed by provider and model.
  // Schedules for names without a number of their own, and for calls that are not served in the
  // standard way or have a contract, which this keeps alive.
  absl::flat_hash_map<NamesOfCall, SchedulePtr> by_text_;
};

}  // namespace itemized
