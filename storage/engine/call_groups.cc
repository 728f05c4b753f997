#include "storage/engine/call_groups.h"

#include <algorithm>
#include <optional>

#include "storage/base/helper_thread.h"
#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {
namespace {

void GatherDays(const BucketTable<NameDay>& days, Day first, Day end, CallGroup* group) {
  std::vector<const Histogram*> costs;
  std::vector<const Histogram*> durations;
  for (auto it = days.LowerBound(first); it != days.end() && it->bucket < end; ++it) {
    costs.insert(costs.end(), {&it->value.cost, &it->value.flagged_cost});
    durations.push_back(&it->value.duration);
  }
  group->cost.Reserve(costs);
  group->duration.Reserve(durations);
  for (auto it = days.LowerBound(first); it != days.end() && it->bucket < end; ++it) {
    group->sums.Merge(it->value.sums);
    group->cost.Merge(it->value.cost);
    group->cost.Merge(it->value.flagged_cost);
    group->duration.Merge(it->value.duration);
  }
}

}  // namespace

void CallGroup::Add(const LogRow& row, int64_t weight) {
  const CallRows& calls = row.calls();
  row.sums.AddTo(&sums, row.row, weight);
  if (!calls.Has(row.row, kFlagUnpriced)) {
    cost.Add(calls.cost_picos[row.row], weight);
  }
  duration.Add(calls.duration_us[row.row], weight);
}

void CallGroup::Merge(const CallGroup& other) {
  sums.Merge(other.sums);
  cost.Merge(other.cost);
  duration.Merge(other.duration);
}

void CallGroup::Subtract(const CallGroup& other) {
  sums.Subtract(other.sums);
  cost.Subtract(other.cost);
  duration.Subtract(other.duration);
}

CallGroup& GroupOf(NameId id, CallGroups* groups) {
  if (id >= groups->size()) {
    groups->resize(id + 1);
  }
  return (*groups)[id];
}

absl::Status VisitRows(const Block& block, TimeRange range, RowVisitor visit) {
  const RowSums sums(block.calls);
  for (size_t row = 0; row < block.calls.size(); ++row) {
    if (range.Contains(block.calls.time_us[row])) {
      RETURN_IF_ERROR(visit({.block = block, .row = row, .sums = sums}));
    }
  }
  return absl::OkStatus();
}

absl::Status VisitRows(const State& state, TimeRange range, ColumnMask mask, RowVisitor visit) {
  if (range.empty()) {
    return absl::OkStatus();
  }
  return state.log.ReadHours(HourOf(range.start_us), HourOf(range.end_us - 1) + 1,
                             state.views.folded(), mask,
                             [&](const Block& block) { return VisitRows(block, range, visit); });
}

absl::Status ScanRows(const State& state, TimeRange range, ColumnMask mask, RowVisitor visit) {
  std::optional<Log::Reader> reader;
  {
    const ReaderLock lock(state.mutex);
    ASSIGN_OR_RETURN(reader,
                     state.log.OpenHours(HourOf(range.start_us), HourOf(range.end_us - 1) + 1,
                                         state.views.folded(), mask));
  }
  // Decoding takes about as long as visiting: a second thread is a block ahead.
  HelperThread decoder("decoder");
  absl::StatusOr<std::optional<Block>> next = reader->Next();
  while (next.ok() && next->has_value()) {
    const Block block = *std::move(*next);
    decoder.Start([&] { next = reader->Next(); });
    const absl::Status visited = [&] {
      const ReaderLock lock(state.mutex);
      return VisitRows(block, range, visit);
    }();
    decoder.Wait();
    RETURN_IF_ERROR(visited);
  }
  return next.status();
}

RangeParts Split(TimeRange range, int64_t bucket_us) {
  const int64_t first = (range.start_us + bucket_us - 1) / bucket_us;
  const int64_t end = std::max(first, range.end_us / bucket_us);
  RangeParts parts{static_cast<uint32_t>(first), static_cast<uint32_t>(end), {}};
  for (const TimeRange rim : {TimeRange{range.start_us, std::min(range.end_us, first * bucket_us)},
                              TimeRange{end * bucket_us, range.end_us}}) {
    if (!rim.empty()) {
      parts.rims.push_back(rim);
    }
  }
  return parts;
}

namespace {

// A range as whole UTC days [first, end), parts beside them, and parts of them that do not
// belong to it: of the days that the range cuts, whichever side is shorter.
struct DayParts {
  Day first = 0;
  Day end = 0;
  std::vector<TimeRange> more;
  std::vector<TimeRange> less;

  void AddRim(TimeRange rim) {
    if (2 * (rim.end_us - rim.start_us) <= kMicrosPerDay) {
      more.push_back(rim);
      return;
    }
    const Day day = DayOf(rim.start_us);
    first = std::min(first, day);
    end = std::max(end, day + 1);
    less.push_back({DayStartUs(day), rim.start_us});
    less.push_back({rim.end_us, DayStartUs(day + 1)});
  }
};

DayParts SplitByDays(TimeRange range) {
  const RangeParts parts = Split(range, kMicrosPerDay);
  DayParts days{.first = parts.first, .end = parts.end, .more = {}, .less = {}};
  for (const TimeRange& rim : parts.rims) {
    days.AddRim(rim);
  }
  return days;
}

// The histograms of all names do not fit into the cache: their cells are asked for this
// many rows before they are added to.
constexpr size_t kRowsAhead = 12;

// What a scan for quantiles alone decodes.
constexpr ColumnMask kHistogramColumns =
    Columns(ColumnId::kSeries, ColumnId::kDuration, ColumnId::kCost, ColumnId::kFlags);

// One side of what a range cuts: reads rows of the log into groups of its own.
class RimReader {
 public:
  // Whatever is folded has its names in the rollups.
  RimReader(const State& state, NameKind kind)
      : state_(state), kind_(kind), groups_(state.views.rollups().name_count(kind)) {}

  // Adds the rows of `range`, which lies in one day. Steps have the sums of whole hours in
  // the views, so that only what their histograms need is read.
  absl::Status Add(TimeRange range) {
    ReserveDay(DayOf(range.start_us));
    if (kind_ != NameKind::kStep) {
      return AddRows(range, kSummingColumns);
    }
    const RangeParts hours = Split(range, kMicrosPerHour);
    for (const TimeRange& rim : hours.rims) {
      RETURN_IF_ERROR(AddRows(rim, kSummingColumns));
    }
    if (hours.first == hours.end) {
      return absl::OkStatus();
    }
    AddHourSums(hours.first, hours.end);
    return AddRows({HourStartUs(hours.first), HourStartUs(hours.end)}, kHistogramColumns);
  }

  absl::Status Add(const std::vector<TimeRange>& ranges) {
    for (const TimeRange& range : ranges) {
      RETURN_IF_ERROR(range.empty() ? absl::OkStatus() : Add(range));
    }
    return absl::OkStatus();
  }

  const CallGroups& groups() const { return groups_; }

 private:
  // Calls visit(name, NameDay) for each name that has calls on `day`.
  template <typename Visit>
  void VisitDay(Day day, Visit visit) {
    const CallRollups& rollups = state_.views.rollups();
    for (NameId name = 0; name < rollups.name_count(kind_); ++name) {
      const BucketTable<NameDay>& days = rollups.DaysOf(kind_, name);
      const auto found = days.LowerBound(day);
      if (found != days.end() && found->bucket == day) {
        visit(name, found->value);
      }
    }
  }

  void ReserveDay(Day day) {
    VisitDay(day, [&](NameId name, const NameDay& of_day) {
      CallGroup& group = groups_[name];
      group.cost.Reserve({&of_day.cost, &of_day.flagged_cost});
      group.duration.Reserve({&of_day.duration});
    });
  }

  void AddHourSums(Hour first, Hour end) {
    VisitDay(first / 24, [&](NameId name, const NameDay& of_day) {
      for (const auto& [hour, sums] : of_day.hours) {
        if (first / 24 * 24 + hour >= first && first / 24 * 24 + hour < end) {
          groups_[name].sums.Merge(sums);
        }
      }
    });
  }

  absl::Status AddRows(TimeRange range, ColumnMask mask) {
    return state_.log.ReadHours(HourOf(range.start_us), HourOf(range.end_us - 1) + 1,
                                state_.views.folded(), mask, [&](const Block& block) {
                                  AddBlock(block, range, mask == kSummingColumns);
                                  return absl::OkStatus();
                                });
  }

  void AddBlock(const Block& block, TimeRange range, bool with_sums) {
    const CallRows& calls = block.calls;
    rows_.clear();
    for (uint32_t row = 0; row < calls.size(); ++row) {
      if (range.Contains(calls.time_us[row])) {
        const NameId name = state_.catalog.Series(calls.series[row])[kind_];
        rows_.emplace_back(row, &groups_[name]);
      }
    }
    if (with_sums) {
      const RowSums sums(calls);
      for (const auto& [row, group] : rows_) {
        sums.AddTo(&group->sums, row, calls.weight[row]);
      }
    }
    AddValues(calls, calls.cost_picos, &CallGroup::cost, kFlagUnpriced);
    AddValues(calls, calls.duration_us, &CallGroup::duration, 0);
  }

  // Adds a column to a histogram of each row's group, but for rows with a flag of `without`.
  void AddValues(const CallRows& calls, const std::vector<int64_t>& values,
                 Histogram CallGroup::*histogram, int without) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (const size_t next = i + kRowsAhead; next < rows_.size()) {
        (rows_[next].second->*histogram).Prefetch(values[rows_[next].first]);
      }
      const auto& [row, group] = rows_[i];
      if ((calls.flags[row] & without) == 0) {
        (group->*histogram).Add(values[row], calls.weight[row]);
      }
    }
  }

  const State& state_;
  const NameKind kind_;
  CallGroups groups_;
  std::vector<std::pair<uint32_t, CallGroup*>> rows_;  // Of the block at hand, those of a range.
};

}  // namespace

// Two threads: each reads one side of what the range cuts, and merges the days of every
// second name.
absl::StatusOr<CallGroups> GatherCalls(const State& state, TimeRange range, NameKind kind) {
  const DayParts parts = SplitByDays(range);
  const CallRollups& rollups = state.views.rollups();
  CallGroups groups(rollups.name_count(kind));
  const auto gather_days = [&](NameId first) {
    for (NameId name = first; name < groups.size(); name += 2) {
      GatherDays(rollups.DaysOf(kind, name), parts.first, parts.end, &groups[name]);
    }
  };
  RimReader more(state, kind);
  RimReader less(state, kind);
  absl::Status read_less;
  HelperThread helper("rim");
  helper.Start([&] {
    gather_days(1);
    read_less = less.Add(parts.less);
  });
  gather_days(0);
  const absl::Status read_more = more.Add(parts.more);
  helper.Wait();
  RETURN_IF_ERROR(read_more);
  RETURN_IF_ERROR(read_less);
  for (NameId name = 0; name < groups.size(); ++name) {
    groups[name].Merge(more.groups()[name]);
    groups[name].Subtract(less.groups()[name]);
  }
  return groups;
}

absl::StatusOr<std::vector<Picos>> GatherUnsurfaced(const State& state, TimeRange range,
                                                    NameKind kind) {
  const Outcomes& outcomes = state.views.runs().outcomes();
  std::vector<Picos> sums(state.views.rollups().name_count(kind));
  const RangeParts parts = Split(range, kMicrosPerHour);
  for (NameId name = 0; name < sums.size(); ++name) {
    sums[name] = outcomes.UnsurfacedIn(kind, name, parts.first, parts.end);
  }
  for (const TimeRange& rim : parts.rims) {
    ASSIGN_OR_RETURN(const auto calls, state.edges.Unsurfaced(state, HourOf(rim.start_us)));
    for (const UnsurfacedCall& call : *calls) {
      if (rim.Contains(call.time_us)) {
        sums[state.catalog.Series(call.series)[kind]] += call.picos;
      }
    }
  }
  return sums;
}

}  // namespace itemized
