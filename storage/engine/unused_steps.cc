#include "storage/engine/unused_steps.h"

#include <algorithm>

#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {

UnusedSteps::UnusedSteps(const State& state) : state_(state), folded_(state.views.folded()) {}

absl::StatusOr<bool> UnusedSteps::Contains(const Block& block, size_t row) {
  // Few series have any unsurfaced call in an hour, and few runs any unused step: most
  // runs need not be read.
  const Runs& runs = state_.views.runs();
  if (!runs.outcomes().HasUnsurfaced(block.calls.series[row], block.ref.hour)) {
    return false;
  }
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    known_.assign(block.calls.run_names.size(), 0);
    unused_.assign(block.calls.run_names.size(), {});
  }
  const uint32_t run = block.calls.run[row];
  const std::string& name = block.calls.run_names[run];
  if (known_[run] == 0) {
    known_[run] = 1;
    bool found = runs.MayExist(name);
    if (found && runs.MayHaveUnused(name)) {
      ASSIGN_OR_RETURN(found, runs.Visit(name, [&](const Run& state) {
        if (state.completion().has_value()) {
          unused_[run] = state.completion()->unused_steps;
        }
      }));
    }
    if (!found && state_.views.folded() == folded_) {
      return absl::DataLossError("the store is damaged: a run of the log is missing");
    }
  }
  const std::vector<NameId>& steps = unused_[run];
  return std::binary_search(steps.begin(), steps.end(),
                            state_.catalog.Series(block.calls.series[row])[NameKind::kStep]);
}

}  // namespace itemized
