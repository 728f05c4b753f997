// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/query/call_totals.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

WorkflowRow MakeRow(std::string name, const OutcomeCell& gathered) {
  const RunSums& sums = gathered.sums;
  WorkflowRow row{.workflow = std::move(name),
                  .runs = {},
                  .spend = sums.spend,
                  .completed_spend = sums.completed_spend,
                  .completed_calls = sums.completed_calls,
                  .p50_completed = gathered.completed_cost.Quantile(0.5),
                  .p95_completed = gathered.completed_cost.Quantile(0.95),
                  .unsurfaced = sums.unsurfaced,
                  .unpriced_calls = sums.unpriced_calls};
  std::copy(sums.runs.begin(), sums.runs.end(), row.runs);
  return row;
}

}  // namespace

absl::StatusOr<WorkflowsAnswer> AnswerWorkflows(const QueryContext& context, const Window& window,
                                                const Cancellation* cancellation) {
  const State& state = context.state;
  const Snapshot snapshot(state);
  ASSIGN_OR_RETURN(const TimeRange range, snapshot.Resolve(window));
  const Outcomes& outcomes = state.views.runs().outcomes();
  const RangeParts<Hour> parts = SplitAtHours(range);
  std::vector<OutcomeCell> gathered(outcomes.workflow_count());
  for (NameId workflow; workflow.value() < gathered.size(); ++workflow) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    outcomes.Gather(workflow, parts.first, parts.end, &gathered[workflow.value()]);
  }
  for (const TimeRange& part : parts.partial) {
    ASSIGN_OR_RETURN(const auto runs,
                     context.partial_hours.Runs(snapshot, HourOf(part.start_us), cancellation));
    for (const RunShare& share : *runs) {
      if (part.Contains(share.anchor_us)) {
        gathered[share.workflow.value()].Add(share, 1);
      }
    }
  }
  WorkflowsAnswer answer;
  answer.range = range;
  for (NameId workflow; workflow.value() < gathered.size(); ++workflow) {
    const OutcomeCell& cell = gathered[workflow.value()];
    if (!cell.empty()) {
      answer.rows.push_back(MakeRow(state.catalog.Name(NameKind::kWorkflow, workflow), cell));
    }
  }
  std::sort(answer.rows.begin(), answer.rows.end(), [](const WorkflowRow& a, const WorkflowRow& b) {
    return a.spend != b.spend ? a.spend > b.spend : a.workflow < b.workflow;
  });
  return answer;
}

}  // namespace itemized
