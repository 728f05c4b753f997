// SPDX-License-Identifier: Apache-2.0
// The naive model's runs and what they cost.

#include <algorithm>

#include "tests/storage/database/naive_model.h"
#include "tests/storage/database/naive_quantile.h"

namespace itemized::testing {
namespace {

int64_t AnchorTime(const RunAnswer& run) {
  return run.outcome != Outcome::kOpen ? run.completed_at_us : run.calls.back().call.time_us;
}

void AddRun(const RunAnswer& run, WorkflowRow* row, std::vector<int64_t>* completed_costs) {
  row->workflow = run.workflow;
  row->runs[static_cast<size_t>(run.outcome)] += 1;
  row->spend += run.cost;
  row->unsurfaced += run.unsurfaced;
  row->unpriced_calls += run.unpriced_calls;
  if (run.outcome == Outcome::kCompleted) {
    row->completed_spend += run.cost;
    row->completed_calls += static_cast<int64_t>(run.calls.size());
    completed_costs->push_back(static_cast<int64_t>(run.cost));
  }
}

}  // namespace

std::map<std::string, NaiveModel::NaiveRun> NaiveModel::Runs() const {
  std::map<std::string, NaiveRun> runs;
  for (const StoredCall& stored : calls_) {
    if (!stored.retracted) {
      runs[stored.billed.call.workflow_id].calls.push_back(&stored);
    }
  }
  for (const auto& [workflow_id, completion] : WinningCompletions()) {
    runs[workflow_id].completion = completion;
  }
  return runs;
}

std::vector<std::string> NaiveModel::RunIds() const {
  std::vector<std::string> ids;
  for (const auto& [workflow_id, run] : Runs()) {
    ids.push_back(workflow_id);
  }
  return ids;
}

RunAnswer NaiveModel::MakeRun(const std::string& workflow_id, const NaiveRun& run) const {
  RunAnswer answer;
  answer.workflow_id = workflow_id;
  Winners winners;
  if (run.completion.has_value()) {
    answer.workflow = run.completion->workflow;
    answer.outcome = run.completion->outcome;
    answer.completed_at_us = run.completion->time_us;
    answer.unused_steps = run.completion->unused_steps;
    winners[workflow_id] = *run.completion;
  }
  std::set<std::pair<int64_t, std::string>> named;
  for (const StoredCall* stored : run.calls) {
    const Call& call = stored->billed.call;
    if (!call.workflow.empty()) {
      named.emplace(call.time_us, call.workflow);
    }
    answer.calls.push_back(stored->billed);
  }
  if (answer.workflow.empty() && !named.empty()) {
    answer.workflow = named.begin()->second;
  }
  const CallSums sums = Sum(run.calls);
  answer.cost = sums.cost;
  answer.unpriced_calls = sums.unpriced_calls;
  answer.unsurfaced = Unsurfaced(run.calls, winners);
  std::stable_sort(answer.calls.begin(), answer.calls.end(),
                   [](const BilledCall& a, const BilledCall& b) {
                     return std::tie(a.call.time_us, a.call.event_id) <
                            std::tie(b.call.time_us, b.call.event_id);
                   });
  return answer;
}

std::optional<RunAnswer> NaiveModel::Run(const std::string& workflow_id) const {
  NaiveRun run;
  for (const StoredCall& stored : calls_) {
    if (!stored.retracted && stored.billed.call.workflow_id == workflow_id) {
      run.calls.push_back(&stored);
    }
  }
  const Winners winners = WinningCompletions();
  if (const auto winner = winners.find(workflow_id); winner != winners.end()) {
    run.completion = winner->second;
  }
  if (run.calls.empty() && !run.completion.has_value()) {
    return std::nullopt;
  }
  return MakeRun(workflow_id, run);
}

WorkflowsAnswer NaiveModel::Workflows(const Window& window, int64_t now_us) const {
  WorkflowsAnswer answer;
  answer.range = ResolveWindow(window, now_us);
  std::map<std::string, WorkflowRow> rows;
  std::map<std::string, std::vector<int64_t>> completed_costs;
  for (const auto& [workflow_id, naive_run] : Runs()) {
    const RunAnswer run = MakeRun(workflow_id, naive_run);
    const int64_t anchor_us = AnchorTime(run);
    if (anchor_us >= answer.range.start_us && anchor_us < answer.range.end_us) {
      AddRun(run, &rows[run.workflow], &completed_costs[run.workflow]);
    }
  }
  for (auto& [workflow, row] : rows) {
    row.p50_completed = BucketQuantile(completed_costs[workflow], 50);
    row.p95_completed = BucketQuantile(completed_costs[workflow], 95);
    answer.rows.push_back(row);
  }
  std::stable_sort(answer.rows.begin(), answer.rows.end(),
                   [](const WorkflowRow& a, const WorkflowRow& b) { return a.spend > b.spend; });
  return answer;
}

}  // namespace itemized::testing
