// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/engine/net_rows.h"
#include "storage/engine/queries.h"
#include "storage/views/run_blocks.h"

namespace itemized {
namespace {

// The calls of one run that stand, from the blocks that hold it.
absl::StatusOr<std::vector<BilledCall>> ReadCalls(const State& state, const Run& run,
                                                  absl::string_view workflow_id,
                                                  const Cancellation* cancellation) {
  RunBlocks kept;
  for (const BlockRef& ref : run.blocks()) {
    if (ref.hour >= state.log.first_hour()) {
      kept.Add(workflow_id, {&ref, 1});
    }
  }
  std::vector<Block> blocks;
  RETURN_IF_ERROR(kept.Read(state.log, [&](Block block) {
    blocks.push_back(std::move(block));
    return CheckNotCancelled(cancellation);
  }));
  std::vector<BilledCall> calls;
  for (const RowRef& ref : NetRows(blocks)) {
    calls.push_back(ToBilledCall(blocks[ref.block].calls, ref.row, state.catalog));
  }
  std::sort(calls.begin(), calls.end(), [](const BilledCall& a, const BilledCall& b) {
    return a.call.time_us != b.call.time_us ? a.call.time_us < b.call.time_us
                                            : a.call.event_id < b.call.event_id;
  });
  return calls;
}

}  // namespace

absl::StatusOr<RunAnswer> AnswerRun(const State& state, absl::string_view workflow_id,
                                    const Cancellation* cancellation) {
  const ReaderLock lock(state.mutex);
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  RunAnswer answer;
  bool exists = false;
  absl::Status status;
  const auto visit = [&](const Run& run) {
    exists = run.exists();
    answer.workflow = state.catalog.Name(NameKind::kWorkflow, run.workflow());
    answer.outcome = run.outcome();
    answer.cost = run.cost();
    answer.unsurfaced = UnsurfacedOf(run, state.catalog);
    answer.unpriced_calls = run.unpriced_calls();
    if (run.completion().has_value()) {
      answer.completed_at_us = run.completion()->time_us;
      answer.unused_steps = run.completion()->unused_steps;
    }
    absl::StatusOr<std::vector<BilledCall>> calls =
        ReadCalls(state, run, workflow_id, cancellation);
    if (calls.ok()) {
      answer.calls = *std::move(calls);
    }
    status = calls.status();
  };
  ASSIGN_OR_RETURN(const bool found, state.views.runs().Visit(workflow_id, visit));
  RETURN_IF_ERROR(status);
  if (!found || !exists) {
    return absl::NotFoundError(absl::StrCat("there is no run ", Quoted(workflow_id)));
  }
  answer.workflow_id = std::string(workflow_id);
  return answer;
}

}  // namespace itemized
