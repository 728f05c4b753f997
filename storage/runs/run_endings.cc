// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/run_endings.h"

namespace itemized {

const RunEnding* RunEndings::Find(const RunHash& run) const {
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : found->second;
}

void RunEndings::Set(absl::string_view workflow_id, const RunEnding& ending) {
  const RunHash run = HashRun(workflow_id);
  const RunEnding* const before = Find(run);
  const RunEnding* const after = ending.is_plain() ? nullptr : &*endings_.insert(ending).first;
  if (before == after) {
    return;
  }
  ++version_;
  if (pin_.use_count() > 1) {
    changes_[run].push_back({.version = version_, .before = before});
  } else {
    changes_.clear();
  }
  if (after == nullptr) {
    runs_.erase(run);
  } else {
    runs_[run] = after;
  }
}

const RunEnding* RunEndings::View::Find(const RunHash& run) const {
  if (const auto changes = endings_.changes_.find(run); changes != endings_.changes_.end()) {
    for (const Change& change : changes->second) {
      if (change.version > version_) {
        return change.before;
      }
    }
  }
  return endings_.Find(run);
}

}  // namespace itemized
