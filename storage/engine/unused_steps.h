#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "storage/engine/call_groups.h"

namespace itemized {

// Tells which rows are of calls that cost something and whose output no user
// saw; remembers what it read of the runs of a block.
class UnusedSteps {
 public:
  explicit UnusedSteps(const State& state);
  // True only if the run left the step of this row unused, and surely if the
  // call cost something. `block` has to be the same object for all its rows in turn.
  absl::StatusOr<bool> Contains(const Block& block, size_t row);

 private:
  const State& state_;
  const BlockSequence folded_;  // When it was made. A run may vanish later.
  BlockSequence sequence_ = 0;
  std::vector<char> known_;
  std::vector<std::vector<NameId>> unused_;  // By run of the block.
};

}  // namespace itemized
