#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/engine/call_groups.h"
#include "storage/engine/queries.h"

namespace itemized {
namespace {

struct Gathered {
  RunSums sums;
  Histogram completed_cost;
};
using GatheredRuns = std::map<NameId, Gathered>;

void GatherHours(const State& state, Hour from, Hour to, GatheredRuns* out) {
  const auto& cells = state.views.runs().outcomes().cells();
  HistogramMerger costs;  // One at a time: it is large.
  for (auto it = cells.begin(); it != cells.end();) {
    const NameId workflow = it->first.first;
    Gathered& gathered = (*out)[workflow];
    costs.Clear();
    const auto end = cells.lower_bound({workflow, to});
    for (it = cells.lower_bound({workflow, from}); it != end; ++it) {
      gathered.sums.Merge(it->second.sums);
      costs.Merge(it->second.completed_cost);
    }
    gathered.completed_cost = costs.ToHistogram();
    it = cells.lower_bound({workflow + 1, 0});
  }
}

// Runs whose anchor lies in a part of an hour. The anchor is one of the run's
// own events, so the log of that hour names every such run.
absl::Status GatherBrokenHour(const State& state, TimeRange part, GatheredRuns* out) {
  if (part.empty()) {
    return absl::OkStatus();
  }
  std::set<std::string> names;
  const Hour hour = HourOf(part.start_us);
  RETURN_IF_ERROR(state.log.ReadHours(
      hour, hour + 1, state.views.folded(), Columns(ColumnId::kRunNames, ColumnId::kCompletions),
      [&](const Block& block) {
        names.insert(block.calls.run_names.begin(), block.calls.run_names.end());
        for (const CompletionRow& row : block.completions) {
          names.insert(row.run_name);
        }
        return absl::OkStatus();
      }));
  for (const std::string& name : names) {
    const auto visit = [&](const Run& run) {
      if (!run.exists() || !part.Contains(run.AnchorUs())) {
        return;
      }
      const RunShare share = ShareOf(run, state.catalog);
      OutcomeCell cell;
      cell.Add(share, 1);
      Gathered& workflow = (*out)[share.workflow];
      workflow.sums.Merge(cell.sums);
      workflow.completed_cost.Merge(cell.completed_cost);
    };
    RETURN_IF_ERROR(state.views.runs().Visit(name, visit).status());
  }
  return absl::OkStatus();
}

WorkflowRow MakeRow(std::string name, const Gathered& gathered) {
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

absl::StatusOr<WorkflowsAnswer> AnswerWorkflows(const State& state, const Window& window) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(window, state.clock->NowUs()));
  const ReaderLock lock(state.mutex);
  GatheredRuns gathered;
  const Hour first = HourOf(range.start_us + kMicrosPerHour - 1);
  const Hour end = HourOf(range.end_us);
  if (first > end) {
    RETURN_IF_ERROR(GatherBrokenHour(state, range, &gathered));
  } else {
    GatherHours(state, first, end, &gathered);
    RETURN_IF_ERROR(GatherBrokenHour(state, {range.start_us, HourStartUs(first)}, &gathered));
    RETURN_IF_ERROR(GatherBrokenHour(state, {HourStartUs(end), range.end_us}, &gathered));
  }
  WorkflowsAnswer answer;
  answer.range = range;
  for (const auto& [id, workflow] : gathered) {
    if (workflow.sums != RunSums{}) {
      answer.rows.push_back(MakeRow(state.catalog.Name(NameKind::kWorkflow, id), workflow));
    }
  }
  std::sort(answer.rows.begin(), answer.rows.end(),
            [](const WorkflowRow& a, const WorkflowRow& b) {
              return a.spend != b.spend ? a.spend > b.spend : a.workflow < b.workflow;
            });
  return answer;
}

}  // namespace itemized
