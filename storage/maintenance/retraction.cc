// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/retraction.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/maintenance/correction_blocks.h"

namespace itemized {
namespace {

// Finds the row of the log that holds `call` as its run remembers it.
absl::StatusOr<std::pair<Block, size_t>> FindRow(const State& state, const Run& run,
                                                 const RunCall& call, const CallId& id) {
  const auto& refs = run.blocks();
  for (auto ref = refs.rbegin(); ref != refs.rend(); ++ref) {
    if (ref->hour != HourOf(call.time_us)) {
      continue;
    }
    ASSIGN_OR_RETURN(Block block, state.blocks.Read(*ref));
    for (size_t row = block.calls.size();
         row-- > 0;) {  // The newest row that has this cost is the one.
      const CallRows& calls = block.calls;
      if (calls.weight[row] > 0 && calls.EventId(row) == id.event_id &&
          calls.RunName(row) == id.workflow_id && calls.CostAt(row) == call.cost()) {
        return std::pair(std::move(block), row);
      }
    }
  }
  return absl::DataLossError(absl::StrCat("The store is damaged: call ", id.event_id, " of run ",
                                          id.workflow_id,
                                          " is missing from the log. Restore the data directory "
                                          "from a backup."));
}

absl::StatusOr<bool> RetractCall(State* state, const CallId& id, CorrectionBlocks* blocks) {
  StagedRuns staged(&state->views.runs(), &state->mutex);
  ASSIGN_OR_RETURN(RunEntry* const entry, staged.Find(id.workflow_id));
  staged.NeedCalls(entry);
  RETURN_IF_ERROR(staged.LoadCalls());
  const RunCall* const call = entry->run.Find(FingerprintOf(state->catalog.id_key(), id.event_id));
  if (call == nullptr || call->retracted || HourOf(call->time_us) < state->blocks.first_hour()) {
    return false;
  }
  ASSIGN_OR_RETURN(const auto found, FindRow(*state, entry->run, *call, id));
  blocks->Of(found.first.ref.hour).Append(found.first.calls, found.second, -1);
  return true;
}

}  // namespace

absl::StatusOr<int64_t> RetractCalls(State* state, const std::vector<CallId>& ids) {
  CorrectionBlocks corrections;
  int64_t retracted = 0;
  std::set<std::pair<std::string, std::string>> seen;
  for (const CallId& id : ids) {
    if (!seen.emplace(id.workflow_id, id.event_id).second) {
      continue;
    }
    ASSIGN_OR_RETURN(const bool found, RetractCall(state, id, &corrections));
    retracted += found ? 1 : 0;
  }
  if (retracted > 0) {
    RETURN_IF_ERROR(corrections.Commit(state, Entry()));
  }
  return retracted;
}

}  // namespace itemized
