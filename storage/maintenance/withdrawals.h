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

// Stored calls that one entry of the log takes out: because they are retracted, or because others
// take their place. For the committer. First all of them are named, then read, then withdrawn.
class Withdrawals {
 public:
  // Owns neither; runs are staged in `staged`.
  Withdrawals(const State* state, StagedRuns* staged) : state_(*state), staged_(*staged) {}

  // Names a call by its run, which is staged, and its id. Naming one twice is naming it once.
  void Name(RunEntry* run, absl::string_view event_id);

  // Reads the rows of all that were named. DATA_LOSS if one that stands is not in its blocks;
  // else the errors of Kv.
  absl::Status Load();

  // Whether the call can be taken out, or does not stand in the first place.
  enum class Standing : uint8_t {
    kNone,    // It was never stored, or it is taken out already.
    kStands,  // TakeOut takes it out.
    kTooOld,  // Its block is no longer kept.
  };
  Standing StandingOf(const RunEntry* run, absl::string_view event_id) const;

  // Takes a call out that stands; then it does so no more.
  void TakeOut(const RunEntry* run, absl::string_view event_id);

  // The blocks with the rows that take calls out. This is then spent.
  std::vector<Block> Finish() { return rows_.Take(); }

 private:
  struct Call {
    RunEntry* run = nullptr;
    Standing standing = Standing::kNone;
    size_t block = SIZE_MAX;  // Into blocks_, once its row is found.
    size_t row = 0;
  };
  using Key = std::pair<std::string, std::string>;  // workflow_id, event_id.

  Call* Find(absl::string_view workflow_id, absl::string_view event_id);
  void See(Block block);

  const State& state_;
  StagedRuns& staged_;
  absl::flat_hash_map<Key, Call> calls_;
  std::vector<Block> blocks_;  // That hold them, with the rows of their runs only.
  CorrectionBlocks rows_;
};

}  // namespace itemized
