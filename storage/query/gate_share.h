// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many runs of a step did not use what it made.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/cancellation.h"
#include "storage/block/block.h"
#include "storage/block/block_store.h"
#include "storage/block/column_codec.h"
#include "storage/query/endings_of_rows.h"
#include "storage/query/snapshot.h"
#include "storage/runs/run_hash.h"
#include "storage/store/state.h"

namespace itemized {

// A run that has calls of a step.
struct RunOfStep {
  int64_t calls = 0;
  bool is_unused = false;  // Its completion says that the step was not used.
  // How many completions are known of it; an odd one, which takes another back, counts for several.
  int32_t completions = 0;
  BlockRef block;     // A block that has its name,
  uint32_t name = 0;  // and which one it is there.
};
using RunsOfStep = absl::flat_hash_map<RunHash, RunOfStep, RunHashHash>;

// Gathers the runs of some steps from their calls. Not thread-safe: each thread has one.
class StepRuns {
 public:
  // Made under the lock of the state, which outlives it.
  StepRuns(size_t steps, const State& state) : runs_(steps), state_(state), endings_(state) {}

  // What Add needs of rows.
  static constexpr ColumnMask kColumns =
      Columns(ColumnId::kSeries, ColumnId::kRun, ColumnId::kRunNames);
  // Adds rows of a block, each with the place of its step. It takes the lock of the state.
  void Add(const Block& block, const std::vector<std::pair<uint32_t, size_t>>& rows);

  // One for each step.
  std::vector<RunsOfStep>& runs() { return runs_; }

 private:
  std::vector<RunsOfStep> runs_;
  const State& state_;
  EndingsOfRows endings_;
};

// What is known of the runs of a step that are complete.
struct StepRunCounts {
  int64_t complete = 0;
  int64_t unused = 0;  // Those among them that did not use it.
};

// Finds out which runs are complete: by the completions that lie in the window of the calls or
// within a day after it, and for the few others by the run itself. Not thread-safe.
class Completions {
 public:
  // Opens the log; errors as BlockStore::OpenHours.
  static absl::StatusOr<Completions> Open(const Snapshot& snapshot, TimeRange range);

  // Reads the log, once the snapshot has ended, and counts the runs of each step.
  absl::StatusOr<std::vector<StepRunCounts>> Count(std::vector<RunsOfStep> runs,
                                                   const Cancellation* cancellation) &&;

 private:
  explicit Completions(const State& state) : state_(&state) {}
  absl::Status Read(std::vector<RunsOfStep>* runs, const Cancellation* cancellation);
  absl::Status LookUp(RunsOfStep* runs, const Cancellation* cancellation) const;

  const State* state_;
  std::vector<BlockStore::Reader> readers_;  // Those of some hours each.
};

}  // namespace itemized
