#include "storage/engine/call_groups.h"

#include <algorithm>
#include <optional>

#include "storage/base/helper_thread.h"
#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {
namespace {

void GatherDays(const BucketTable<NameDay>& days, const RangeParts& parts, CallGroup* group) {
  for (auto it = days.LowerBound(parts.first); it != days.end() && it->bucket < parts.end; ++it) {
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

absl::StatusOr<CallGroups> GatherCalls(const State& state, TimeRange range, NameKind kind) {
  const RangeParts parts = Split(range, kMicrosPerDay);
  const CallRollups& rollups = state.views.rollups();
  CallGroups groups(rollups.name_count(kind));
  for (NameId name = 0; name < groups.size(); ++name) {
    GatherDays(rollups.DaysOf(kind, name), parts, &groups[name]);
  }
  for (const TimeRange& rim : parts.rims) {
    RETURN_IF_ERROR(VisitRows(state, rim, kSummingColumns, [&](const LogRow& row) {
      GroupOf(state.catalog.Series(row.series())[kind], &groups).Add(row, row.weight());
      return absl::OkStatus();
    }));
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
