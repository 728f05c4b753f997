// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/base/helper_thread.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/query/queries.h"
#include "storage/query/row_filter.h"
#include "storage/query/unused_steps.h"

namespace itemized {
namespace {

constexpr size_t kScannedGroupsMax = 10'000;  // Distinct keys in one answer.

TopRow MakeRow(std::string key, const RankedGroup& group, Picos unsurfaced) {
  return {.key = std::move(key),
          .sums = group.sums,
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

absl::StatusOr<Gathered> GatherTrailing(const QueryContext& context, NameKind kind, TimeRange range,
                                        const Cancellation* cancellation) {
  Gathered gathered;
  ASSIGN_OR_RETURN(gathered.groups,
                   context.trailing.Get(context, kind, range.end_us - range.start_us, range.end_us,
                                        cancellation));
  ASSIGN_OR_RETURN(gathered.unsurfaced, GatherUnsurfaced(context, range, kind, cancellation));
  return gathered;
}

absl::StatusOr<Gathered> GatherAnew(const QueryContext& context, NameKind kind, TimeRange range,
                                    const Cancellation* cancellation) {
  absl::StatusOr<std::vector<Picos>> unsurfaced;
  HelperThread helper("unsurfaced");
  helper.Start([&] { unsurfaced = GatherUnsurfaced(context, range, kind, cancellation); });
  const absl::StatusOr<CallTotalsByName> calls =
      GatherCalls(context.state, range, kind, cancellation);
  helper.Wait();
  RETURN_IF_ERROR(calls.status());
  RETURN_IF_ERROR(unsurfaced.status());
  Gathered gathered{.groups = {}, .unsurfaced = *std::move(unsurfaced)};
  std::transform(calls->begin(), calls->end(), std::back_inserter(gathered.groups), Rank);
  return gathered;
}

// The caller holds the lock of `state`.
void SetThresholds(const State& state, const TopQuery& query, TopAnswer* answer) {
  if (query.by != GroupBy::kStep) {
    return;
  }
  for (TopRow& row : answer->rows) {
    row.threshold =
        state.views.baselines().ThresholdOf(state.catalog.Find(NameKind::kStep, row.key));
  }
}

absl::StatusOr<TopAnswer> TopByName(const QueryContext& context, const TopQuery& query,
                                    TimeRange range, const Cancellation* cancellation) {
  const State& state = context.state;
  const ReaderLock lock(state.mutex);
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  const NameKind kind = *KindOf(query.by);
  // A window that 1970 cuts short does not move on with the clock.
  const bool trailing = query.window.last_us == range.end_us - range.start_us &&
                        state.views.latest_call_us() < range.end_us;
  ASSIGN_OR_RETURN(const Gathered gathered, trailing
                                                ? GatherTrailing(context, kind, range, cancellation)
                                                : GatherAnew(context, kind, range, cancellation));
  const auto& [groups, unsurfaced] = gathered;
  TopAnswer answer;
  answer.range = range;
  for (NameId name = 0; name < groups.size(); ++name) {
    if (groups[name].sums.calls != 0) {
      answer.rows.push_back(
          MakeRow(state.catalog.Name(kind, name), groups[name], unsurfaced[name]));
    }
  }
  Finish(&answer);
  SetThresholds(state, query, &answer);
  return answer;
}

// Groups found by reading the log.
class ScannedGroups {
 public:
  ScannedGroups(const State& state, const TopQuery& query)
      : filter_(query.filter, state.catalog),
        keys_(query.by, query.attribute_key, state.catalog),
        unused_(state) {}

  ColumnMask columns() const {
    return kSummingColumns | Columns(ColumnId::kRun, ColumnId::kRunNames) | filter_.columns() |
           keys_.columns();
  }

  absl::Status Add(const LogRow& row) {
    if (!filter_.Matches(row.block, row.row)) {
      return absl::OkStatus();
    }
    Group& group = GroupFor(row);
    group.calls.Add(row, row.weight());
    if (unused_.Contains(row.block, row.row)) {
      group.unsurfaced += row.cost();
    }
    return absl::OkStatus();
  }

  std::vector<TopRow> Rows() const {
    std::vector<TopRow> rows;
    for (const auto& [key, group] : groups_) {
      if (group.calls.sums.calls != 0) {
        rows.push_back(MakeRow(key, Rank(group.calls), group.unsurfaced));
      }
    }
    return rows;
  }

 private:
  struct Group {
    CallTotals calls;
    Picos unsurfaced = 0;
  };

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

  RowFilter filter_;
  const RowKeys keys_;
  UnusedSteps unused_;
  absl::node_hash_map<std::string, Group> groups_;
  BlockSequence sequence_ = 0;     // Of the block at hand.
  std::vector<Group*> by_number_;  // Of RowKeys, as far as they are known.
};

absl::StatusOr<TopAnswer> TopByScan(const State& state, const TopQuery& query, TimeRange range,
                                    const Cancellation* cancellation) {
  std::optional<ScannedGroups> groups;
  {
    const ReaderLock lock(state.mutex);
    groups.emplace(state, query);
  }
  RETURN_IF_ERROR(ScanRows(
      state, range, groups->columns(), [&](const LogRow& row) { return groups->Add(row); },
      cancellation));
  TopAnswer answer;
  answer.range = range;
  answer.rows = groups->Rows();
  Finish(&answer);
  const ReaderLock lock(state.mutex);
  SetThresholds(state, query, &answer);
  return answer;
}

}  // namespace

absl::StatusOr<TopAnswer> AnswerTop(const QueryContext& context, const TopQuery& query,
                                    const Cancellation* cancellation) {
  const State& state = context.state;
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  if (query.by == GroupBy::kAttribute && query.attribute_key.empty()) {
    return absl::InvalidArgumentError("name the attribute to group by, as in attribute:tenant");
  }
  return query.by == GroupBy::kAttribute || !query.filter.empty()
             ? TopByScan(state, query, range, cancellation)
             : TopByName(context, query, range, cancellation);
}

}  // namespace itemized
