// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"
#include "storage/query/unused_steps.h"

namespace itemized {
namespace {

constexpr size_t kScannedGroupsMax = 10'000;  // Distinct keys in one answer.

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

// A ranking that is made by reading the log.
class ScannedTop {
 public:
  // Takes the thresholds of all steps, if it ranks steps. `source` outlives it.
  ScannedTop(const Snapshot& snapshot, const TopQuery& query, CallSource* source)
      : state_(snapshot.state), source_(*source), keys_(source->keys()), unused_(state_) {
    if (query.by == GroupBy::kStep) {
      thresholds_ = ThresholdsFor(NameKind::kStep, state_);
    }
  }

  // Reads the log, once the snapshot that opened it has ended.
  absl::StatusOr<TopAnswer> Answer() {
    RETURN_IF_ERROR(source_.Scan([&](const LogRow& row) { Add(row); }));
    TopAnswer answer;
    answer.range = source_.range();
    answer.rows = Rows();
    Finish(&answer);
    return answer;
  }

 private:
  struct Group {
    CallTotals calls;
    Picos unsurfaced = 0;
  };

  void Add(const LogRow& row) {
    Group& group = GroupFor(row);
    group.calls.Add(row, row.weight());
    if (unused_.Contains(row.block, row.row)) {
      group.unsurfaced += row.cost();
    }
  }

  Group& GroupFor(const LogRow& row) {
    if (keys_.is_attribute() && row.block.ref.sequence != sequence_) {
      sequence_ = row.block.ref.sequence;
      by_number_.clear();
    }
    const uint32_t number = keys_.NumberOf(row);
    if (number >= by_number_.size()) {
      by_number_.resize(number + 1);
    }
    if (by_number_[number] == nullptr) {
      by_number_[number] = &GroupNamed(keys_.KeyOf(row));
    }
    return *by_number_[number];
  }

  Group& GroupNamed(absl::string_view key) {
    const auto found = groups_.find(key);
    if (found != groups_.end()) {
      return found->second;
    }
    return groups_[groups_.size() < kScannedGroupsMax ? key : absl::string_view(kOtherName)];
  }

  std::vector<TopRow> Rows() const {
    const ReaderLock lock(state_.mutex);  // Names of the rows keep their numbers.
    std::vector<TopRow> rows;
    for (const auto& [key, group] : groups_) {
      if (group.calls.sums.calls != 0) {
        rows.push_back(MakeRow(key, Rank(group.calls), group.unsurfaced));
        if (thresholds_.has_value()) {
          const NameId step = state_.catalog.Find(NameKind::kStep, key);
          rows.back().threshold =
              step.value() < thresholds_->size() ? (*thresholds_)[step.value()] : Threshold();
        }
      }
    }
    return rows;
  }

  const State& state_;
  CallSource& source_;
  const RowKeys& keys_;
  UnusedSteps unused_;
  std::optional<std::vector<Threshold>>
      thresholds_;  // The threshold of each NameId, for a ranking of steps.
  absl::node_hash_map<std::string, Group> groups_;
  BlockSequence sequence_ = 0;     // The block of the last row.
  std::vector<Group*> by_number_;  // The group of each number of RowKeys; null if not known yet.
};

}  // namespace

absl::StatusOr<TopAnswer> AnswerTop(const QueryContext& context, const TopQuery& query,
                                    const Cancellation* cancellation) {
  std::optional<CallSource> source;
  std::optional<ScannedTop> scanned;
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
      scanned.emplace(snapshot, query, &*source);
      RETURN_IF_ERROR(source->Open(snapshot));
    }
  }
  return by_series.has_value() ? (*std::move(by_series)).Answer(context.state, cancellation)
                               : scanned->Answer();
}

}  // namespace itemized
