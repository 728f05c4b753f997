// SPDX-License-Identifier: Apache-2.0
#pragma once

// What calls cost by the names under which they are priced, for questions that change these names.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/model/served_as.h"
#include "storage/model/usage.h"
#include "storage/pricing/rate_lookups.h"
#include "storage/store/state.h"

namespace itemized {

// The rates for calls of some names that were served in one way. Not thread-safe.
class NamedPrice {
 public:
  NamedPrice(absl::string_view provider, absl::string_view model, const ServedAs& served,
             RateLookups::SchedulePtr schedule);
  NamedPrice(const NamedPrice&) = delete;
  NamedPrice& operator=(const NamedPrice&) = delete;

  const std::string& provider() const { return provider_; }
  const std::string& model() const { return model_; }
  ServedAs served() const;  // It has views into this.

  // Whether there ever is a price, and whether it begins only after `time_us`.
  bool has_price() const { return first_priced_us_.has_value(); }
  bool IsBefore(int64_t time_us) const { return has_price() && time_us < *first_priced_us_; }

  // Returns what a call at `time_us` costs; nothing if no rate prices it, or it costs beyond 63
  // bits. A call from before the first rate is priced by that.
  std::optional<int64_t> Price(int64_t time_us, const Usage& usage);

 private:
  void FindTerms(int64_t time_us);

  const std::string provider_;
  const std::string model_;
  const std::string tier_;
  const std::string region_;
  std::vector<std::pair<std::string, std::string>> contracts_;
  const RateLookups::SchedulePtr schedule_;
  const std::vector<int64_t> beginnings_us_;
  const bool has_hours_;
  const std::optional<int64_t> first_priced_us_;
  // The terms of the last call, and when they hold.
  Terms terms_;
  TimeRange terms_hold_;
};

// Finds the NamedPrice of rows, and of names that a change makes of them, and remembers it. What it
// hands out is valid as long as it. Not thread-safe: each thread has one, of the same `rates`.
class PriceTable {
 public:
  // Both outlive it.
  PriceTable(RateLookups* rates, const State& state)
      : rates_(*rates), book_(rates->book()), state_(state) {}

  // The columns that ForRow needs.
  static ColumnMask columns();
  // Returns the price by which row `row` is priced. It takes the lock of the state for names that
  // it has not met.
  NamedPrice* ForRow(const Block& block, size_t row);
  NamedPrice* ForNames(absl::string_view provider, absl::string_view model, const ServedAs& served);

 private:
  // How calls were served, as a number; 0 for the standard.
  uint32_t ServedNumber(const Block& block, size_t row);
  NamedPrice* ForText(const Block& block, size_t row, absl::string_view other_model);

  RateLookups& rates_;
  const std::shared_ptr<const RateBook> book_;
  const State& state_;
  absl::flat_hash_map<NamesOfCall, std::unique_ptr<NamedPrice>> by_names_;
  std::vector<NamedPrice*> by_series_;                    // Those of calls served as standard.
  absl::flat_hash_map<uint64_t, NamedPrice*> by_number_;  // Keyed by series and ServedNumber.
  absl::flat_hash_map<NamesOfCall, uint32_t> served_;     // The numbers of ways of serving.
  BlockSequence sequence_ = 0;                            // The block at hand,
  std::vector<std::optional<uint32_t>> served_of_sets_;   // and what its attribute sets say.
};

}  // namespace itemized
