#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "storage/engine/call_groups.h"

namespace itemized {

// Remembers for the rows of a block whether their run left its steps unused.
class UnusedSteps {
 public:
  explicit UnusedSteps(const State& state) : state_(state) {}
  // `block` has to be the same object for all its rows in turn.
  absl::StatusOr<bool> Contains(const Block& block, size_t row);

 private:
  const State& state_;
  BlockSequence sequence_ = 0;
  std::vector<char> known_;
  std::vector<std::vector<NameId>> unused_;  // By run of the block.
};

}  // namespace itemized
