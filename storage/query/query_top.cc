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
                   GatherUnsurfaced(context, snapshot, range, kind, cancellation));
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
          GatherUnsurfaced(context, snapshot, source.range(), source.names().kind, cancellation);
    }
  });
  RETURN_IF_ERROR(calls.status());
  RETURN_IF_ERROR(unsurfaced.status());
  Gathered gathered{.groups = {}, .unsurfaced = *std::move(unsurfaced)};
  std::transform(calls->begin(), calls->end(), std::back_inserter(gathered.groups), Rank);
  return gathered;
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
  const auto& [groups, unsurfaced] = gathered;
  TopAnswer answer;
  answer.range = range;
  for (NameId name; name.value() < groups.size(); ++name) {
    const RankedGroup& group = groups[name.value()];
    if (names.Contains(name) && group.sums.calls != 0) {
      answer.rows.push_back(
          MakeRow(state.catalog.Name(names.kind, name), group, unsurfaced[name.value()]));
      if (names.kind == NameKind::kStep) {
        answer.rows.back().threshold = state.views.baselines().ThresholdOf(name);
      }
    }
  }
  Finish(&answer);
  return answer;
}

// A ranking that is made by reading the log.
class ScannedTop {
 public:
  // Takes the thresholds of all steps, if it ranks steps. `source` outlives it.
  ScannedTop(const Snapshot& snapshot, const TopQuery& query, CallSource* source)
      : state_(snapshot.state), source_(*source), keys_(source->keys()), unused_(state_) {
    if (query.by == GroupBy::kStep) {
      const size_t steps = state_.views.rollups().name_count(NameKind::kStep);
      thresholds_.emplace();
      for (NameId step; step.value() < steps; ++step) {
        thresholds_->push_back(state_.views.baselines().ThresholdOf(step));
      }
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
    scanned.emplace(snapshot, query, &*source);
    RETURN_IF_ERROR(source->Open(snapshot));
  }
  return scanned->Answer();
}

}  // namespace itemized
