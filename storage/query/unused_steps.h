// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"

#include "storage/query/call_totals.h"

namespace itemized {

// Tells which rows are of calls whose output no user saw; remembers the runs of a block.
class UnusedSteps {
 public:
  explicit UnusedSteps(const State& state) : state_(state) {}
  // Whether the run left the step of this row unused. `block` has to be the same object for
  // all its rows in turn, for which the lock of the state is held.
  bool Contains(const Block& block, size_t row);

 private:
  const State& state_;
  BlockSequence sequence_ = 0;
  // The unused steps of each run of the block at hand that has been asked for.
  std::vector<std::optional<absl::Span<const NameId>>> unused_;
};

}  // namespace itemized
