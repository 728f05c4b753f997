// SPDX-License-Identifier: Apache-2.0
#pragma once

// The runs that a commit changes, made ready before it, so that folding it cannot fail.

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

// For one commit, by the one thread that writes. After an error the commit is given up;
// nothing has changed then that others see.
class StagedRuns {
 public:
  // `mutex` guards the runs where they can be asked for; null while nobody can ask. Neither
  // argument is owned. Forgets what earlier commits staged and did not fold, if that is much.
  StagedRuns(Runs* runs, SharedMutex* mutex);

  // The run of that name, empty if it is new. Valid until a commit is folded that does not
  // have it, or Runs::Evict.
  absl::StatusOr<RunEntry*> Find(absl::string_view workflow_id);

  // Says that the calls of `run` are needed: some are to be taken out, or a completion says
  // which of its steps were not used. LoadCalls reads those of all such runs that are brief.
  // DATA_LOSS if the log has others than the run counted.
  void NeedCalls(RunEntry* run);
  absl::Status LoadCalls();

  // Stages a run whose row keeps its calls from this commit on. LoadCalls reads them.
  absl::Status Keep(absl::string_view workflow_id);

  // Stages the runs that `block` names, with their calls where these are needed.
  absl::Status Add(const Block& block);
  // Takes over a block whose runs have been found, with their calls where these are needed.
  void Add(StagedBlock block) { blocks_.push_back(std::move(block)); }

  // What was staged of the blocks that were added, in that order.
  absl::Span<const StagedBlock> blocks() const { return blocks_; }
  // The runs given to Keep.
  absl::Span<RunEntry* const> kept() const { return kept_; }

 private:
  Runs& runs_;
  SharedMutex* const mutex_;
  std::vector<RunEntry*> brief_;  // Runs whose calls are needed.
  std::vector<RunEntry*> kept_;
  std::vector<StagedBlock> blocks_;
};

}  // namespace itemized
