// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// Buckets of a histogram that are shown as one: eight to the octave are left.
constexpr int kShownBits = 4;

std::vector<DistributionBucket> Coarsen(const Histogram& histogram) {
  std::vector<DistributionBucket> shown;
  for (const HistogramBucket& bucket : histogram.Buckets()) {
    const int place = bucket.index >> kShownBits;
    const int64_t from = BucketLow(static_cast<BucketIndex>(place << kShownBits));
    if (shown.empty() || shown.back().from != from) {
      const int last = (place << kShownBits) | ((1 << kShownBits) - 1);
      const int64_t high = BucketHigh(static_cast<BucketIndex>(last));
      shown.push_back({.from = from, .to = high == INT64_MAX ? high : high + 1});
    }
    shown.back().count += bucket.count;
    shown.back().total += bucket.sum;
  }
  return shown;
}

absl::StatusOr<Histogram> CostOfCalls(const QueryContext& context, const Snapshot& snapshot,
                                      TimeRange range, const DistributionQuery& query,
                                      int64_t* unpriced, const Cancellation* cancellation) {
  CallFilter filter;
  filter[NameKind::kStep] = query.name;
  const CallSource source(context, snapshot, {.range = range, .filter = filter, .quantiles = true},
                          ColumnMask{0}, cancellation);
  ASSIGN_OR_RETURN(CallTotalsByName totals, source.Totals(snapshot));
  const NameId step = *source.names().only;
  if (step.value() >= totals.size()) {
    return Histogram();
  }
  CallTotals& found = totals[step.value()];
  *unpriced = found.sums.unpriced_calls;
  return std::move(found.cost);
}

absl::StatusOr<Histogram> CostOfRuns(const QueryContext& context, const Snapshot& snapshot,
                                     TimeRange range, const DistributionQuery& query,
                                     const Cancellation* cancellation) {
  const State& state = snapshot.state;
  const NameId workflow = state.catalog.Find(NameKind::kWorkflow, query.name);
  const RangeParts<Hour> parts = SplitAtHours(range);
  OutcomeCell cell;
  state.views.runs().outcomes().Gather(workflow, parts.first, parts.end, &cell);
  for (const TimeRange& part : parts.partial) {
    ASSIGN_OR_RETURN(const auto runs,
                     context.partial_hours.Runs(snapshot, HourOf(part.start_us), cancellation));
    for (const RunShare& share : *runs) {
      if (share.workflow == workflow && part.Contains(share.anchor_us)) {
        cell.Add(share, 1);
      }
    }
  }
  return cell.completed_cost;
}

}  // namespace

absl::StatusOr<DistributionAnswer> AnswerDistribution(const QueryContext& context,
                                                      const DistributionQuery& query,
                                                      const Cancellation* cancellation) {
  const State& state = context.state;
  const Snapshot snapshot(state);
  ASSIGN_OR_RETURN(const TimeRange range, snapshot.Resolve(query.window));
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  int64_t unpriced = 0;
  ASSIGN_OR_RETURN(const Histogram costs,
                   query.of == NameKind::kWorkflow
                       ? CostOfRuns(context, snapshot, range, query, cancellation)
                       : CostOfCalls(context, snapshot, range, query, &unpriced, cancellation));
  std::optional<Threshold> threshold;
  if (query.of == NameKind::kStep) {
    threshold =
        state.views.baselines().ThresholdOf(state.catalog.Find(NameKind::kStep, query.name));
  }
  return DistributionAnswer{.range = range,
                            .count = costs.count(),
                            .total = costs.sum(),
                            .p50 = costs.Quantile(0.5),
                            .p95 = costs.Quantile(0.95),
                            .buckets = Coarsen(costs),
                            .unpriced_calls = unpriced,
                            .threshold = threshold};
}

}  // namespace itemized
