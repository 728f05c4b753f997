// SPDX-License-Identifier: Apache-2.0
#include "server/convert/query_answers.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "proto/usage_fields.h"

#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

double Share(Picos part, Picos whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double Milliseconds(int64_t micros) {
  return static_cast<double>(micros) / 1000;
}

std::string MeanUsd(Picos sum, int64_t count) {
  return count == 0 ? "0" : FormatUsd(DivideRounded(sum, count));
}

pb::Window ToWindow(const TimeRange& range) {
  pb::Window to;
  to.set_start(FormatTime(range.start_us));
  to.set_end(FormatTime(range.end_us));
  return to;
}

// `above` is the cost of this row and of all before it.
void SetTopRow(const TopRow& row, const TopAnswer& answer, Picos above, pb::TopRow* to) {
  to->set_key(row.key);
  to->set_calls(row.sums.calls);
  to->set_cost_usd(FormatUsd(row.sums.cost));
  to->set_call_share(Share(row.sums.calls, answer.total.calls));
  to->set_spend_share(Share(row.sums.cost, answer.total.cost));
  to->set_cumulative_spend_share(Share(above, answer.total.cost));
  to->set_mean_cost_usd(MeanUsd(row.sums.cost, row.rated_calls));
  to->set_p50_cost_usd(FormatUsd(row.p50_cost));
  to->set_p95_cost_usd(FormatUsd(row.p95_cost));
  to->set_outliers(row.sums.outliers);
  to->set_learning_calls(row.sums.learning_calls);
  to->set_unpriced_calls(row.sums.unpriced_calls);
  to->set_usage_missing_calls(row.sums.usage_missing_calls);
  SetCounts(row.sums.usage.counts, to);
  to->set_p50_duration_ms(Milliseconds(row.p50_duration_us));
  to->set_p95_duration_ms(Milliseconds(row.p95_duration_us));
  to->set_unsurfaced_usd(FormatUsd(row.unsurfaced));
}

int64_t RunsOf(const WorkflowRow& row, Outcome outcome) {
  return row.runs[static_cast<size_t>(outcome)];
}

void SetCompleted(const WorkflowRow& row, int64_t completed, pb::WorkflowRow* to) {
  if (completed == 0) {
    return;
  }
  to->set_cost_per_completed_usd(FormatUsd(DivideRounded(row.spend, completed)));
  to->set_mean_completed_usd(FormatUsd(DivideRounded(row.completed_spend, completed)));
  to->set_p50_completed_usd(FormatUsd(row.p50_completed));
  to->set_p95_completed_usd(FormatUsd(row.p95_completed));
  to->set_mean_steps_per_completed(static_cast<double>(row.completed_calls) /
                                   static_cast<double>(completed));
}

void SetWorkflowRow(const WorkflowRow& row, pb::WorkflowRow* to) {
  const int64_t completed = RunsOf(row, Outcome::kCompleted);
  to->set_workflow(row.workflow);
  to->set_runs(std::accumulate(std::begin(row.runs), std::end(row.runs), int64_t{0}));
  to->set_completed(completed);
  to->set_failed(RunsOf(row, Outcome::kFailed));
  to->set_short_circuited(RunsOf(row, Outcome::kShortCircuited));
  to->set_abandoned(RunsOf(row, Outcome::kAbandoned));
  to->set_open(RunsOf(row, Outcome::kOpen));
  to->set_spend_usd(FormatUsd(row.spend));
  SetCompleted(row, completed, to);
  to->set_unsurfaced_usd(FormatUsd(row.unsurfaced));
  to->set_unpriced_calls(row.unpriced_calls);
}

void SetPoint(const SeriesPoint& point, absl::TimeZone zone, pb::SeriesPoint* to) {
  to->set_start(FormatTime(point.range.start_us, zone));
  to->set_end(FormatTime(point.range.end_us, zone));
  to->set_calls(point.sums.calls);
  to->set_cost_usd(FormatUsd(point.sums.cost));
  to->set_unpriced_calls(point.sums.unpriced_calls);
  to->set_outliers(point.sums.outliers);
  SetCounts(point.sums.usage.counts, to);
}

void SetGroup(const SeriesGroup& group, pb::SeriesGroup* to) {
  to->set_key(group.key);
  to->set_cost_usd(FormatUsd(group.cost));
  to->set_calls(group.calls);
  for (const Picos cost : group.point_cost) {
    to->add_point_cost_usd(FormatUsd(cost));
  }
  to->mutable_point_calls()->Assign(group.point_calls.begin(), group.point_calls.end());
}

}  // namespace

pb::Window ToWindowMessage(const TimeRange& range) {
  return ToWindow(range);
}

pb::GetTopResponse ToTopResponse(const TopAnswer& answer, int32_t limit) {
  pb::GetTopResponse to;
  *to.mutable_window() = ToWindow(answer.range);
  to.mutable_total()->set_calls(answer.total.calls);
  to.mutable_total()->set_cost_usd(FormatUsd(answer.total.cost));
  to.mutable_total()->set_unpriced_calls(answer.total.unpriced_calls);
  to.mutable_total()->set_usage_missing_calls(answer.total.usage_missing_calls);
  to.mutable_total()->set_unsurfaced_usd(FormatUsd(answer.unsurfaced));
  to.mutable_total()->set_outliers(answer.total.outliers);
  to.mutable_total()->set_learning_calls(answer.total.learning_calls);
  const size_t all = answer.rows.size();
  const size_t shown = limit > 0 ? std::min(all, static_cast<size_t>(limit)) : all;
  Picos above = 0;
  for (size_t i = 0; i < shown; ++i) {
    above += answer.rows[i].sums.cost;
    pb::TopRow* row = to.add_rows();
    SetTopRow(answer.rows[i], answer, above, row);
    if (answer.rows[i].threshold.has_value()) {
      const Threshold& threshold = *answer.rows[i].threshold;
      row->set_threshold_usd(FormatUsd(threshold.picos));
      row->set_threshold_learning(threshold.learning);
      row->set_threshold_sample_count(threshold.sample_count);
    }
  }
  to.set_rows_omitted(static_cast<int64_t>(all - shown));
  return to;
}

pb::GetWorkflowsResponse ToWorkflowsResponse(const WorkflowsAnswer& answer) {
  pb::GetWorkflowsResponse to;
  *to.mutable_window() = ToWindow(answer.range);
  for (const WorkflowRow& row : answer.rows) {
    SetWorkflowRow(row, to.add_rows());
  }
  return to;
}

pb::GetSeriesResponse ToSeriesResponse(const SeriesAnswer& answer, absl::string_view step,
                                       absl::TimeZone zone) {
  pb::GetSeriesResponse to;
  *to.mutable_window() = ToWindow(answer.range);
  to.set_step(std::string(step));
  for (const SeriesPoint& point : answer.points) {
    SetPoint(point, zone, to.add_points());
  }
  for (const SeriesGroup& group : answer.groups) {
    SetGroup(group, to.add_groups());
  }
  return to;
}

pb::GetDistributionResponse ToDistributionResponse(const DistributionAnswer& answer) {
  pb::GetDistributionResponse to;
  *to.mutable_window() = ToWindow(answer.range);
  to.set_count(answer.count);
  to.set_unpriced_calls(answer.unpriced_calls);
  to.set_total_usd(FormatUsd(answer.total));
  if (answer.count != 0) {
    to.set_p50_usd(FormatUsd(answer.p50));
    to.set_p95_usd(FormatUsd(answer.p95));
  }
  if (answer.threshold.has_value()) {
    to.set_threshold_usd(FormatUsd(answer.threshold->picos));
    to.set_threshold_learning(answer.threshold->learning);
    to.set_threshold_sample_count(answer.threshold->sample_count);
  }
  for (const DistributionBucket& bucket : answer.buckets) {
    pb::DistributionBucket* added = to.add_buckets();
    added->set_from_usd(FormatUsd(bucket.from));
    added->set_to_usd(FormatUsd(bucket.to));
    added->set_count(bucket.count);
    added->set_total_usd(FormatUsd(bucket.total));
  }
  return to;
}

pb::GetOutliersResponse ToOutliersResponse(const OutliersAnswer& answer) {
  pb::GetOutliersResponse to;
  *to.mutable_window() = ToWindow(answer.range);
  for (const BilledCall& billed : answer.calls) {
    *to.add_calls() = ToBilledCall(billed);
  }
  to.set_total(answer.total);
  to.set_unjudged_calls(answer.unjudged_calls);
  to.set_learning_calls(answer.learning_calls);
  if (answer.excess.has_value()) {
    to.set_excess_usd(FormatUsd(*answer.excess));
  }
  return to;
}

}  // namespace itemized::server
