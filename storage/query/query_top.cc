// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"
#include "storage/query/scanned_top.h"

namespace itemized {
namespace {

TopRow MakeRow(std::string key, const RankedGroup& group, Picos unsurfaced) {
  return {.key = std::move(key),
          .sums = group.sums,
          .rated_calls = group.rated_calls,
          .p50_cost = group.p50_cost,
          .p95_cost = group.p95_cost,
          .p50_duration_us = group.p50_duration_us,
          .p95_duration_us = group.p95_duration_us,
          .unsurfaced = unsurfaced};
}

void Finish(TopAnswer* answer) {
  for (const TopRow& row : answer->rows) {
    answer->total.Merge(row.sums);
    answer->unsurfaced += row.unsurfaced;
  }
  std::sort(answer->rows.begin(), answer->rows.end(), [](const TopRow& a, const TopRow& b) {
    return a.sums.cost != b.sums.cost ? a.sums.cost > b.sums.cost : a.key < b.key;
  });
}

// What a ranking is made of, both by NameId.
struct Gathered {
  std::vector<RankedGroup> groups;
  std::vector<Picos> unsurfaced;
};

absl::StatusOr<Gathered> GatherTrailing(const QueryContext& context, const Snapshot& snapshot,
                                        NameKind kind, TimeRange range,
                                        const Cancellation* cancellation) {
  Gathered gathered;
  ASSIGN_OR_RETURN(gathered.groups,
                   context.trailing.Get(context, snapshot, kind, range.end_us - range.start_us,
                                        range.end_us, cancellation));
  ASSIGN_OR_RETURN(gathered.unsurfaced,
                   GatherUnsurfaced(context, snapshot, range, {.kind = kind}, cancellation));
  return gathered;
}

absl::StatusOr<Gathered> GatherAnew(const QueryContext& context, const Snapshot& snapshot,
                                    const CallSource& source, const Cancellation* cancellation) {
  absl::StatusOr<CallTotalsByName> calls;
  absl::StatusOr<std::vector<Picos>> unsurfaced;
  ParallelFor(kThreadsOfAJob, 2, [&](size_t task) {
    if (task == 0) {
      calls = source.Totals(snapshot);
    } else {
      unsurfaced =
          GatherUnsurfaced(context, snapshot, source.range(), source.names(), cancellation);
    }
  });
  RETURN_IF_ERROR(calls.status());
  RETURN_IF_ERROR(unsurfaced.status());
  Gathered gathered{.groups = {}, .unsurfaced = *std::move(unsurfaced)};
  std::transform(calls->begin(), calls->end(), std::back_inserter(gathered.groups), Rank);
  return gathered;
}

// The thresholds of all steps, by NameId; none for a ranking of others.
std::vector<Threshold> ThresholdsFor(NameKind ranked, const State& state) {
  std::vector<Threshold> thresholds;
  const bool has_some = ranked == NameKind::kStep;
  const size_t steps = has_some ? state.views.rollups().name_count(NameKind::kStep) : 0;
  for (NameId step; step.value() < steps; ++step) {
    thresholds.push_back(state.views.baselines().ThresholdOf(step));
  }
  return thresholds;
}

// Makes the answer, under the lock, of which names need it.
TopAnswer MakeAnswer(const Catalog& catalog, TimeRange range, const NamesWanted& names,
                     const Gathered& gathered, const std::vector<Threshold>& thresholds) {
  TopAnswer answer;
  answer.range = range;
  for (NameId name; name.value() < gathered.groups.size(); ++name) {
    const RankedGroup& group = gathered.groups[name.value()];
    if (names.Contains(name) && group.sums.calls != 0) {
      answer.rows.push_back(
          MakeRow(catalog.Name(names.kind, name), group, gathered.unsurfaced[name.value()]));
      if (names.kind == NameKind::kStep) {
        answer.rows.back().threshold = thresholds[name.value()];
      }
    }
  }
  Finish(&answer);
  return answer;
}

absl::StatusOr<TopAnswer> TopByName(const QueryContext& context, const Snapshot& snapshot,
                                    const TopQuery& query, const CallSource& source,
                                    const Cancellation* cancellation) {
  const State& state = snapshot.state;
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  const TimeRange& range = source.range();
  const NamesWanted names = source.names();
  // A window that 1970 cuts short does not move on with the clock.
  const bool trailing = query.window.last_us == range.end_us - range.start_us &&
                        state.views.latest_call_us() < range.end_us;
  ASSIGN_OR_RETURN(const Gathered gathered,
                   trailing ? GatherTrailing(context, snapshot, names.kind, range, cancellation)
                            : GatherAnew(context, snapshot, source, cancellation));
  return MakeAnswer(state.catalog, range, names, gathered, ThresholdsFor(names.kind, state));
}

// A ranking by name of calls that are told by their names, for which the log is read.
class TopOfSeries {
 public:
  // `source` outlives it.
  static absl::StatusOr<TopOfSeries> Open(const QueryContext& context, const Snapshot& snapshot,
                                          const CallSource& source,
                                          const Cancellation* cancellation) {
    ASSIGN_OR_RETURN(SeriesScan scan, source.OpenTotals(snapshot));
    TopOfSeries top(source, std::move(scan), ThresholdsFor(source.names().kind, snapshot.state));
    ASSIGN_OR_RETURN(top.gathered_.unsurfaced, GatherUnsurfaced(context, snapshot, source.range(),
                                                                source.names(), cancellation));
    return top;
  }

  // Reads the log, once the snapshot has ended.
  absl::StatusOr<TopAnswer> Answer(const State& state, const Cancellation* cancellation) && {
    ASSIGN_OR_RETURN(const CallTotalsByName calls, std::move(scan_).Read(cancellation));
    std::transform(calls.begin(), calls.end(), std::back_inserter(gathered_.groups), Rank);
    const ReaderLock lock(state.mutex);
    return MakeAnswer(state.catalog, source_->range(), source_->names(), gathered_, thresholds_);
  }

 private:
  TopOfSeries(const CallSource& source, SeriesScan scan, std::vector<Threshold> thresholds)
      : source_(&source), scan_(std::move(scan)), thresholds_(std::move(thresholds)) {}

  const CallSource* source_;
  SeriesScan scan_;
  std::vector<Threshold> thresholds_;  // They are those of the snapshot.
  Gathered gathered_;                  // Its groups are empty until the log is read.
};

// A ranking of calls that are told by their attributes, too.
class TopOfLog {
 public:
  // `query` and `source` outlive it.
  static absl::StatusOr<TopOfLog> Open(const QueryContext& context, const Snapshot& snapshot,
                                       const TopQuery& query, const CallSource& source,
                                       const Cancellation* cancellation) {
    ASSIGN_OR_RETURN(ScannedTop scan,
                     ScannedTop::Open(context, snapshot, query, source, cancellation));
    TopOfLog top(std::move(scan), source.range());
    if (!source.keys().is_attribute()) {
      top.thresholds_ = ThresholdsFor(source.names().kind, snapshot.state);
    }
    return top;
  }

  // Reads the log, once the snapshot has ended.
  absl::StatusOr<TopAnswer> Answer(const State& state, const Cancellation* cancellation) && {
    ASSIGN_OR_RETURN(const ScannedGroups groups, std::move(scan_).Read(cancellation));
    TopAnswer answer;
    answer.range = range_;
    const ReaderLock lock(state.mutex);
    for (const auto& [key, group] : groups) {
      if (group.calls.sums.calls != 0) {
        answer.rows.push_back(MakeRow(key, Rank(group.calls), group.unsurfaced));
        answer.rows.back().threshold = ThresholdOf(key, state.catalog);
      }
    }
    Finish(&answer);
    return answer;
  }

 private:
  TopOfLog(ScannedTop scan, TimeRange range) : scan_(std::move(scan)), range_(range) {}

  std::optional<Threshold> ThresholdOf(absl::string_view key, const Catalog& catalog) const {
    if (thresholds_.empty()) {
      return std::nullopt;
    }
    const NameId step = catalog.Find(NameKind::kStep, key);
    return step.value() < thresholds_.size() ? thresholds_[step.value()] : Threshold();
  }

  ScannedTop scan_;
  TimeRange range_;
  std::vector<Threshold> thresholds_;  // Those of all steps, if it ranks them.
};

}  // namespace

absl::StatusOr<TopAnswer> AnswerTop(const QueryContext& context, const TopQuery& query,
                                    const Cancellation* cancellation) {
  std::optional<CallSource> source;
  std::optional<TopOfLog> of_log;
  std::optional<TopOfSeries> by_series;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(const TimeRange range, snapshot.Resolve(query.window));
    if (query.by == GroupBy::kAttribute && query.attribute_key.empty()) {
      return absl::InvalidArgumentError("Name the attribute to group by, as in attribute:tenant.");
    }
    source.emplace(context, snapshot,
                   CallsWanted{.range = range,
                               .filter = query.filter,
                               .by = query.by,
                               .attribute_key = query.attribute_key,
                               .quantiles = true},
                   Columns(ColumnId::kRun, ColumnId::kRunNames), cancellation);
    if (!source->needs_log()) {
      return TopByName(context, snapshot, query, *source, cancellation);
    }
    if (source->is_by_series()) {
      ASSIGN_OR_RETURN(by_series, TopOfSeries::Open(context, snapshot, *source, cancellation));
    } else {
      ASSIGN_OR_RETURN(of_log, TopOfLog::Open(context, snapshot, query, *source, cancellation));
    }
  }
  return by_series.has_value() ? (*std::move(by_series)).Answer(context.state, cancellation)
                               : (*std::move(of_log)).Answer(context.state, cancellation);
}

}  // namespace itemized
