// SPDX-License-Identifier: Apache-2.0
#pragma once

// The runs that a commit changes are made ready before it, so that folding it cannot fail.

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/mutex.h"
#include "storage/block/block.h"
#include "storage/runs/run.h"
#include "storage/runs/runs.h"

namespace itemized {

// Serves one commit, on the one thread that writes. After an error the commit is given up, and
// nothing has changed that others see.
class StagedRuns {
 public:
  // `mutex` guards the runs against questions; it is null while nobody can ask. `ahead`, which may
  // be null, has some of the runs. Owns no argument. Forgets what earlier commits staged and did
  // not fold, if that is much.
  StagedRuns(Runs* runs, SharedMutex* mutex, RunsAhead* ahead = nullptr);

  // Returns the run of that name, empty if it is new. It is valid until Runs::Evict, or until a
  // commit is folded that does not have it.
  absl::StatusOr<RunEntry*> Find(absl::string_view workflow_id);

  // Says that the calls of `run` are needed: some are to be taken out, or a completion says which
  // of its steps were not used.
  void NeedCalls(RunEntry* run);
  // Reads the calls of all brief runs that were given to NeedCalls. DATA_LOSS if the log has other
  // calls than a run counted.
  absl::Status LoadCalls();

  // Stages a run whose row keeps its calls from this commit on. LoadCalls reads these.
  absl::Status Keep(absl::string_view workflow_id);

  // Finds the runs that `block` names, and loads their calls where they are needed.
  absl::Status Add(const Block& block);
  // Takes over a block whose runs have been found, and their calls loaded where they are needed.
  void Add(StagedBlock block) { blocks_.push_back(std::move(block)); }

  // What was staged for each block that was added, in that order.
  absl::Span<const StagedBlock> blocks() const { return blocks_; }
  // The runs given to Keep.
  absl::Span<RunEntry* const> kept() const { return kept_; }

 private:
  Runs& runs_;
  SharedMutex* const mutex_;
  RunsAhead* const ahead_;
  std::vector<RunEntry*> brief_;  // Runs whose calls are needed.
  std::vector<RunEntry*> kept_;
  std::vector<StagedBlock> blocks_;
};

}  // namespace itemized
