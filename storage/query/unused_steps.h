// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"

#include "storage/query/call_totals.h"
#include "storage/store/state.h"

namespace itemized {

// Tells which rows are of calls whose output no user saw, by what was known of their runs when it
// was made, under the lock of the state; remembers the runs of a block.
class UnusedSteps {
 public:
  explicit UnusedSteps(const State& state)
      : catalog_(state.catalog), index_(state.views.runs().unused().Now()) {}
  // Whether the run left the step of this row unused. `block` has to be the same object for
  // all its rows in turn, for which the lock of the state is held.
  bool Contains(const Block& block, size_t row);

 private:
  const Catalog& catalog_;
  const UnusedIndex::View index_;
  BlockSequence sequence_ = 0;
  // The unused steps of each run of the block at hand that has been asked for.
  std::vector<std::optional<absl::Span<const NameId>>> unused_;
};

}  // namespace itemized
