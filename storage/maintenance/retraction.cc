// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/retraction.h"

#include <utility>

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/maintenance/withdrawals.h"

namespace itemized {

absl::StatusOr<int64_t> RetractCalls(State* state, const std::vector<CallId>& ids) {
  StagedRuns staged(&state->views.runs(), &state->mutex);
  Withdrawals calls(state, &staged);
  std::vector<RunEntry*> runs;
  for (const CallId& id : ids) {
    ASSIGN_OR_RETURN(runs.emplace_back(), staged.Find(id.workflow_id));
    calls.Name(runs.back(), id.event_id);
  }
  RETURN_IF_ERROR(calls.Load());
  int64_t retracted = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (calls.StandingOf(runs[i], ids[i].event_id) == Withdrawals::Standing::kStands) {
      calls.TakeOut(runs[i], ids[i].event_id);
      ++retracted;
    }
  }
  if (retracted == 0) {
    return retracted;
  }
  Entry entry;
  entry.blocks = calls.Finish();
  for (const Block& block : entry.blocks) {
    RETURN_IF_ERROR(staged.Add(block));
  }
  RETURN_IF_ERROR(state->Commit(&entry, staged));
  PassFailpoint(Failpoint::kCorrected);
  return retracted;
}

}  // namespace itemized
