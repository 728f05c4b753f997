// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prices the calls of steps again as changes would have them, call by call.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/query/price_table.h"
#include "storage/query/swap_targets.h"
#include "storage/query/what_if.h"
#include "storage/store/state.h"

namespace itemized {

// What a change came to, over the calls of its step.
struct ChangeSums {
  Picos saving = 0;
  ChangedCalls counts;
  // Calls that nothing prices, by their model, or for a swap their provider: those for which there
  // is no batch price, or no provider of the model.
  std::map<std::string, int64_t> refused;

  void Merge(const ChangeSums& other);
};

// The changes of a question that make single calls different, which gates and drops do not.
// Immutable, so thread-safe.
class CallChanges {
 public:
  // `query` outlives it.
  CallChanges(const WhatIfQuery& query, std::shared_ptr<const RateBook> book);

  // The places of such changes of `step` in the question, in their order; up to where it is
  // dropped.
  std::vector<size_t> Of(const std::string& step) const;
  const StepChange& At(size_t change) const { return query_.changes[change]; }
  bool are_alone() const { return query_.alone; }  // WhatIfQuery::alone.
  // Null if the change is no swap.
  const SwapTargets* TargetsOf(size_t change) const { return targets_[change].get(); }

  // INVALID_ARGUMENT if `sums`, one for each change, have calls that were refused.
  absl::Status CheckRefused(const std::vector<ChangeSums>& sums) const;

 private:
  const WhatIfQuery& query_;
  std::vector<std::unique_ptr<const SwapTargets>> targets_;
};

// Replays calls. Not thread-safe: each thread has one.
class StepReplay {
 public:
  // All outlive it.
  StepReplay(const CallChanges& changes, size_t change_count, RateLookups* rates,
             const State& state)
      : changes_(changes), prices_(rates, state), sums_(change_count) {}

  // What Add needs of rows.
  static ColumnMask columns();
  // Applies changes, by their places in the question, to row `row` with its weight.
  void Add(const Block& block, size_t row, const std::vector<size_t>& changes);

  const std::vector<ChangeSums>& sums() const { return sums_; }  // One for each change.

 private:
  // A call as the changes so far have it.
  struct Replayed {
    NamedPrice* price = nullptr;
    Usage usage;
    int64_t time_us = 0;
    int64_t cost = 0;
    bool is_reported = false;
  };
  // What a swap, or the batch tier, makes of the names of a call.
  struct Renamed {
    NamedPrice* price = nullptr;  // Null if there is none.
    bool is_moved = false;
    bool is_standard = false;
  };

  void Apply(size_t change, int64_t weight, Replayed* call);
  void Reprice(size_t change, int64_t weight, const Replayed& next, const Renamed& renamed,
               Replayed* call);
  void Rename(size_t change, int64_t weight, Replayed* call);
  Renamed RenamedBy(size_t change, const NamedPrice& price);
  Renamed Swapped(const SwapTargets& targets, const NamedPrice& price);
  Renamed Batched(const NamedPrice& price);

  const CallChanges& changes_;
  PriceTable prices_;
  std::vector<ChangeSums> sums_;
  absl::flat_hash_map<std::pair<const NamedPrice*, size_t>, Renamed> renamed_;
};

}  // namespace itemized
