#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/engine/queries.h"
#include "storage/engine/unused_steps.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

constexpr size_t kAttributeValuesMax = 10'000;  // Distinct values in one answer.

NameKind KindOf(GroupBy by) {
  switch (by) {
    case GroupBy::kModel:
      return NameKind::kModel;
    case GroupBy::kWorkflow:
      return NameKind::kWorkflow;
    case GroupBy::kProvider:
      return NameKind::kProvider;
    default:
      return NameKind::kStep;
  }
}

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

absl::StatusOr<std::vector<RankedGroup>> Groups(const State& state, const TopQuery& query,
                                                TimeRange range) {
  const NameKind kind = KindOf(query.by);
  // A window that 1970 cuts short does not move on with the clock.
  const bool trailing = query.window.last_us == range.end_us - range.start_us;
  if (trailing && state.views.latest_call_us() < range.end_us) {
    return state.trailing.Get(state, kind, *query.window.last_us, range.end_us);
  }
  ASSIGN_OR_RETURN(const CallGroups groups, GatherCalls(state, range, kind));
  std::vector<RankedGroup> ranked;
  for (const CallGroup& group : groups) {
    ranked.push_back(Rank(group));
  }
  return ranked;
}

absl::StatusOr<TopAnswer> TopByName(const State& state, const TopQuery& query, TimeRange range) {
  const ReaderLock lock(state.mutex);
  ASSIGN_OR_RETURN(const std::vector<RankedGroup> groups, Groups(state, query, range));
  ASSIGN_OR_RETURN(const std::vector<Picos> unsurfaced,
                   GatherUnsurfaced(state, range, KindOf(query.by)));
  TopAnswer answer;
  answer.range = range;
  for (NameId name = 0; name < groups.size(); ++name) {
    if (groups[name].sums.calls != 0) {
      answer.rows.push_back(
          MakeRow(state.catalog.Name(KindOf(query.by), name), groups[name], unsurfaced[name]));
    }
  }
  Finish(&answer);
  return answer;
}

// The groups of one attribute, found by reading the log.
class AttributeGroups {
 public:
  AttributeGroups(const State& state, const std::string& key) : key_(key), unused_(state) {}

  absl::Status Add(const LogRow& row) {
    Group& group = GroupFor(ValueOf(row.calls(), row.row));
    group.calls.Add(row, row.weight());
    ASSIGN_OR_RETURN(const bool in_vain, unused_.Contains(row.block, row.row));
    if (in_vain) {
      group.unsurfaced += row.cost();
    }
    return absl::OkStatus();
  }

  std::vector<TopRow> Rows() const {
    std::vector<TopRow> rows;
    for (const auto& [value, group] : groups_) {
      if (group.calls.sums.calls != 0) {
        rows.push_back(MakeRow(value, Rank(group.calls), group.unsurfaced));
      }
    }
    return rows;
  }

 private:
  struct Group {
    CallGroup calls;
    Picos unsurfaced = 0;
  };

  absl::string_view ValueOf(const CallRows& calls, size_t row) const {
    if (calls.attribute_set.empty()) {
      return "";
    }
    for (const auto& [key, value] : calls.attribute_sets[calls.attribute_set[row]]) {
      if (calls.strings[key] == key_) {
        return calls.strings[value];
      }
    }
    return "";
  }

  Group& GroupFor(absl::string_view value) {
    const auto found = groups_.find(value);
    if (found != groups_.end()) {
      return found->second;
    }
    return groups_[groups_.size() < kAttributeValuesMax ? value : absl::string_view(kOtherName)];
  }

  const std::string& key_;
  UnusedSteps unused_;
  absl::flat_hash_map<std::string, Group> groups_;
};

absl::StatusOr<TopAnswer> TopByAttribute(const State& state, const TopQuery& query,
                                         TimeRange range) {
  if (query.attribute_key.empty()) {
    return absl::InvalidArgumentError("name the attribute to group by, as in attribute:tenant");
  }
  constexpr ColumnMask kMask =
      kSummingColumns | Columns(ColumnId::kRun, ColumnId::kRunNames, ColumnId::kStrings,
                                ColumnId::kAttributeSets, ColumnId::kAttributeSet);
  AttributeGroups groups(state, query.attribute_key);
  const ReaderLock lock(state.mutex);
  RETURN_IF_ERROR(
      VisitRows(state, range, kMask, [&](const LogRow& row) { return groups.Add(row); }));
  TopAnswer answer;
  answer.range = range;
  answer.rows = groups.Rows();
  Finish(&answer);
  return answer;
}

}  // namespace

absl::StatusOr<TopAnswer> AnswerTop(const State& state, const TopQuery& query) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  return query.by == GroupBy::kAttribute ? TopByAttribute(state, query, range)
                                         : TopByName(state, query, range);
}

}  // namespace itemized
