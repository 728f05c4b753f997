// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "storage/query/call_totals.h"
#include "storage/store/state.h"

namespace itemized {

// Tells how the runs of rows ended, and which rows are of calls whose output no user saw, by what
// was known when it was made, under the lock of the state; remembers the runs of a block.
class EndingsOfRows {
 public:
  explicit EndingsOfRows(const State& state)
      : catalog_(state.catalog), endings_(state.views.runs().endings().Now()) {}

  // Returns how the run of this row ended; null if that is plain (RunEnding::is_plain), or not
  // known. `block` has to be the same object for all its rows in turn, for which the lock of the
  // state is held; so below.
  const RunEnding* Of(const Block& block, size_t row);
  // Returns the hash of the run.
  const RunHash& RunOf(const Block& block, size_t row);
  // Whether the run left the step of this row unused.
  bool IsUnused(const Block& block, size_t row);

 private:
  struct Known {
    RunHash run;
    const RunEnding* ending = nullptr;
  };

  const Known& Find(const Block& block, size_t row);

  const Catalog& catalog_;
  const RunEndings::View endings_;
  BlockSequence sequence_ = 0;
  // Each run of the block at hand that has been asked for.
  std::vector<std::optional<Known>> known_;
};

}  // namespace itemized
