// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/runs/staged_runs.h"
#include "storage/store/state.h"

namespace itemized {

// Stored calls that one entry of the log takes out, because they are retracted or because others
// take their place. First all of them are named, then loaded, then taken out. Only the committer's
// thread uses it.
class Withdrawals {
 public:
  // Owns neither argument. The runs of all calls are staged in `staged`.
  Withdrawals(const State* state, StagedRuns* staged) : state_(*state), staged_(*staged) {}

  // Names a call by its run, which is staged, and its id. Naming a call again does nothing.
  void Name(RunEntry* run, absl::string_view event_id);

  // Reads the rows of all calls that were named. DATA_LOSS if a call that stands is not in its
  // blocks, else the errors of Kv.
  absl::Status Load();

  // Says whether a call can be taken out.
  enum class Standing : uint8_t {
    kNone,    // The call was never stored, or is taken out already.
    kStands,  // TakeOut takes it out.
    kTooOld,  // Its block is no longer kept.
  };
  Standing StandingOf(const RunEntry* run, absl::string_view event_id) const;

  // Takes out a call that stands; its standing is kNone from then on.
  void TakeOut(const RunEntry* run, absl::string_view event_id);

  // Returns blocks with the rows that take the calls out. This is then spent.
  std::vector<Block> Finish() { return rows_.Take(); }

 private:
  struct Call {
    RunEntry* run = nullptr;
    Standing standing = Standing::kNone;
    size_t block = SIZE_MAX;  // The index in blocks_, once its row is found,
    size_t row = 0;           // and that of the row.
  };
  using Key = std::pair<std::string, std::string>;  // workflow_id, event_id.

  Call* Find(absl::string_view workflow_id, absl::string_view event_id);
  void See(Block block);

  const State& state_;
  StagedRuns& staged_;
  absl::flat_hash_map<Key, Call> calls_;
  std::vector<Block> blocks_;  // The blocks that hold the calls, with the rows of their runs only.
  CorrectionBlocks rows_;
};

}  // namespace itemized
