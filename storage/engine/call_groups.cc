#include "storage/engine/call_groups.h"

#include <algorithm>
#include <optional>

#include "storage/base/helper_thread.h"
#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {
namespace {

void GatherDays(const BucketTable<NameDay>& days, Day first, Day end, CallGroup* group) {
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
constexpr size_t kRowsAhead = 8;

void AddRows(const Block& block, TimeRange range, const Catalog& catalog, NameKind kind,
             CallGroups* groups) {
  const CallRows& calls = block.calls;
  const RowSums sums(calls);
  for (size_t row = 0; row < calls.size(); ++row) {
    if (const size_t next = row + kRowsAhead; next < calls.size()) {
      const CallGroup& group = GroupOf(catalog.Series(calls.series[next])[kind], groups);
      group.cost.Prefetch(calls.cost_picos[next]);
      group.duration.Prefetch(calls.duration_us[next]);
    }
    if (range.Contains(calls.time_us[row])) {
      GroupOf(catalog.Series(calls.series[row])[kind], groups)
          .Add({.block = block, .row = row, .sums = sums}, calls.weight[row]);
    }
  }
}

absl::Status GatherRows(const State& state, const std::vector<TimeRange>& ranges, NameKind kind,
                        CallGroups* groups) {
  for (const TimeRange& range : ranges) {
    if (range.empty()) {
      continue;
    }
    RETURN_IF_ERROR(state.log.ReadHours(HourOf(range.start_us), HourOf(range.end_us - 1) + 1,
                                        state.views.folded(), kSummingColumns,
                                        [&](const Block& block) {
                                          AddRows(block, range, state.catalog, kind, groups);
                                          return absl::OkStatus();
                                        }));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CallGroups> GatherCalls(const State& state, TimeRange range, NameKind kind) {
  const DayParts parts = SplitByDays(range);
  const CallRollups& rollups = state.views.rollups();
  CallGroups groups(rollups.name_count(kind));
  for (NameId name = 0; name < groups.size(); ++name) {
    GatherDays(rollups.DaysOf(kind, name), parts.first, parts.end, &groups[name]);
  }
  CallGroups less;
  absl::Status status;
  const auto gather_less = [&] { status = GatherRows(state, parts.less, kind, &less); };
  std::optional<HelperThread> helper;
  if (parts.more.empty() || parts.less.empty()) {
    gather_less();
  } else {
    helper.emplace("rim").Start(gather_less);
  }
  const absl::Status added = GatherRows(state, parts.more, kind, &groups);
  if (helper.has_value()) {
    helper->Wait();
  }
  RETURN_IF_ERROR(added);
  RETURN_IF_ERROR(status);
  for (NameId name = 0; name < less.size(); ++name) {
    GroupOf(name, &groups).Subtract(less[name]);
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
