#include "storage/engine/unused_steps.h"

#include <algorithm>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {

UnusedSteps::UnusedSteps(const State& state) : state_(state), folded_(state.views.folded()) {}

// Few series have any unsurfaced call in an hour.
bool UnusedSteps::MayContain(SeriesId series) {
  if (series >= series_.size()) {
    series_.resize(series + 1);
  }
  Known& known = series_[series];
  if (known == Known::kNot) {
    known = state_.views.runs().outcomes().HasUnsurfaced(series, hour_) ? Known::kYes : Known::kNo;
  }
  return known == Known::kYes;
}

// Few runs have any unused step: most need not be read.
absl::Status UnusedSteps::ReadRun(const Block& block, uint32_t run) {
  const Runs& runs = state_.views.runs();
  const absl::string_view name = block.calls.run_names[run];
  runs_[run] = Known::kNo;
  if (!runs.MayHaveUnused(name)) {
    return absl::OkStatus();
  }
  std::vector<NameId>& steps = read_[name];
  if (const auto before = read_before_.find(name); before != read_before_.end()) {
    steps = std::move(before->second);
  } else {
    ASSIGN_OR_RETURN(const bool found, runs.Visit(name, [&](const Run& state) {
      if (state.completion().has_value()) {
        steps = state.completion()->unused_steps;
      }
    }));
    if (!found && state_.views.folded() == folded_) {
      return absl::DataLossError("the store is damaged: a run of the log is missing");
    }
  }
  unused_[run] = steps;
  runs_[run] = steps.empty() ? Known::kNo : Known::kYes;
  return absl::OkStatus();
}

absl::StatusOr<bool> UnusedSteps::Contains(const Block& block, size_t row) {
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    runs_.assign(block.calls.run_names.size(), Known::kNot);
    unused_.assign(block.calls.run_names.size(), {});
    read_before_ = std::exchange(read_, {});
    if (block.ref.hour != hour_) {
      hour_ = block.ref.hour;
      series_.assign(series_.size(), Known::kNot);
    }
  }
  const SeriesId series = block.calls.series[row];
  const uint32_t run = block.calls.run[row];
  if (runs_[run] == Known::kNo || !MayContain(series)) {
    return false;
  }
  if (runs_[run] == Known::kNot) {
    RETURN_IF_ERROR(ReadRun(block, run));
  }
  const std::vector<NameId>& steps = unused_[run];
  return std::binary_search(steps.begin(), steps.end(),
                            state_.catalog.Series(series)[NameKind::kStep]);
}

}  // namespace itemized
