// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/staged_runs.h"

#include <optional>
#include <utility>

#include "storage/base/status_macros.h"

namespace itemized {

StagedRuns::StagedRuns(Runs* runs, SharedMutex* mutex, RunsAhead* ahead)
    : runs_(*runs), mutex_(mutex), ahead_(ahead) {
  runs_.ForgetStaged();
}

absl::StatusOr<RunEntry*> StagedRuns::Find(absl::string_view workflow_id) {
  return runs_.Stage(workflow_id, ahead_);
}

void StagedRuns::NeedCalls(RunEntry* run) {
  if (run->run.is_brief()) {
    brief_.push_back(run);
  }
}

absl::Status StagedRuns::Keep(absl::string_view workflow_id) {
  ASSIGN_OR_RETURN(kept_.emplace_back(), Find(workflow_id));
  NeedCalls(kept_.back());
  return absl::OkStatus();
}

absl::Status StagedRuns::LoadCalls() {
  if (brief_.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Runs::WholeRuns whole, runs_.ReadCalls(brief_));
  brief_.clear();
  std::optional<WriterLock> lock;
  if (mutex_ != nullptr) {
    lock.emplace(*mutex_);
  }
  return runs_.TakeCalls(std::move(whole));
}

absl::Status StagedRuns::Add(const Block& block) {
  StagedBlock staged;
  for (const absl::string_view name : block.calls.run_names) {
    ASSIGN_OR_RETURN(staged.runs.emplace_back(), Find(name));
  }
  for (size_t row = 0; row < block.calls.size(); ++row) {
    if (IsRepriced(block.calls, row)) {
      ++row;  // A run that is priced again need not know more of the call.
    } else if (block.calls.weight[row] < 0) {
      NeedCalls(staged.runs[block.calls.run[row]]);
    }
  }
  for (const CompletionRow& row : block.completions) {
    if (!row.unused_steps.empty()) {
      NeedCalls(staged.runs[row.run]);
    }
  }
  blocks_.push_back(std::move(staged));
  return LoadCalls();
}

}  // namespace itemized
