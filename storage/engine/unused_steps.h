#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
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
  enum class Known : char { kNot, kNo, kYes };

  // Whether any unsurfaced call of `series` in the hour of the block cost something.
  bool MayContain(SeriesId series);
  absl::Status ReadRun(const Block& block, uint32_t run);

  const State& state_;
  const BlockSequence folded_;  // When it was made. A run may vanish later.
  Hour hour_ = 0;
  std::vector<Known> series_;  // Of the hour at hand.
  BlockSequence sequence_ = 0;
  std::vector<Known> runs_;  // Of the block at hand: has it unused steps?
  std::vector<std::vector<NameId>> unused_;
  // Those of the block at hand and the one before that had to be read: runs go on from one
  // block to the next.
  absl::flat_hash_map<std::string, std::vector<NameId>> read_;
  absl::flat_hash_map<std::string, std::vector<NameId>> read_before_;
};

}  // namespace itemized
