#include "storage/engine/call_groups.h"

#include <algorithm>

#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {
namespace {

NameId NameOf(const State& state, SeriesId series, NameKind kind) {
  return state.catalog.Series(series)[kind];
}

std::vector<std::vector<SeriesId>> SeriesByName(const State& state, NameKind kind) {
  std::vector<std::vector<SeriesId>> series;
  for (SeriesId id = 0; id < state.views.rollups().series_count(); ++id) {
    const NameId name = NameOf(state, id, kind);
    if (name >= series.size()) {
      series.resize(name + 1);
    }
    series[name].push_back(id);
  }
  return series;
}

void GatherDays(const State& state, const DayParts& parts, const std::vector<SeriesId>& series,
                HistogramMerger* cost, HistogramMerger* duration, CallGroup* group) {
  cost->Clear();
  duration->Clear();
  for (const SeriesId id : series) {
    const CallRollups::Days& days = state.views.rollups().DaysOf(id);
    for (auto day = days.lower_bound(parts.first_day);
         day != days.end() && day->first < parts.end_day; ++day) {
      group->sums.Merge(day->second.sums);
      cost->Merge(day->second.baseline_cost);
      cost->Merge(day->second.flagged_cost);
      duration->Merge(day->second.duration);
    }
  }
  group->cost = cost->ToHistogram();
  group->duration = duration->ToHistogram();
}

}  // namespace

void CallGroup::Add(const CallRows& calls, size_t row) {
  sums.Add(calls, row);
  if (!calls.Has(row, kFlagUnpriced)) {
    cost.Add(calls.cost_picos[row], calls.weight[row]);
  }
  duration.Add(calls.duration_us[row], calls.weight[row]);
}

CallGroup& GroupOf(NameId id, CallGroups* groups) {
  if (id >= groups->size()) {
    groups->resize(id + 1);
  }
  return (*groups)[id];
}

absl::Status VisitRows(const State& state, TimeRange range, ColumnMask mask, RowVisitor visit) {
  if (range.empty()) {
    return absl::OkStatus();
  }
  return state.log.ReadHours(
      HourOf(range.start_us), HourOf(range.end_us - 1) + 1, state.views.folded(), mask,
      [&](const Block& block) {
        for (size_t row = 0; row < block.calls.size(); ++row) {
          if (range.Contains(block.calls.time_us[row])) {
            RETURN_IF_ERROR(visit(block, row));
          }
        }
        return absl::OkStatus();
      });
}

DayParts SplitByDay(TimeRange range) {
  DayParts parts;
  parts.first_day = DayOf(range.start_us + kMicrosPerDay - 1);
  parts.end_day = DayOf(range.end_us);
  if (parts.first_day >= parts.end_day) {
    parts.end_day = parts.first_day;
    parts.rims.push_back(range);
    return parts;
  }
  for (const TimeRange rim : {TimeRange{range.start_us, DayStartUs(parts.first_day)},
                              TimeRange{DayStartUs(parts.end_day), range.end_us}}) {
    if (!rim.empty()) {
      parts.rims.push_back(rim);
    }
  }
  return parts;
}

absl::StatusOr<CallGroups> GatherCalls(const State& state, TimeRange range, NameKind kind) {
  const DayParts parts = SplitByDay(range);
  const auto series = SeriesByName(state, kind);
  CallGroups groups(series.size());
  if (parts.first_day < parts.end_day) {
    HistogramMerger cost;
    HistogramMerger duration;
    for (size_t name = 0; name < series.size(); ++name) {
      GatherDays(state, parts, series[name], &cost, &duration, &groups[name]);
    }
  }
  for (const TimeRange& rim : parts.rims) {
    RETURN_IF_ERROR(VisitRows(state, rim, kSummingColumns, [&](const Block& block, size_t row) {
      GroupOf(NameOf(state, block.calls.series[row], kind), &groups).Add(block.calls, row);
      return absl::OkStatus();
    }));
  }
  return groups;
}

absl::StatusOr<std::vector<Picos>> GatherUnsurfaced(const State& state, TimeRange range,
                                                    NameKind kind) {
  std::vector<Picos> sums;
  const auto add = [&](SeriesId series, Picos picos) {
    const NameId name = NameOf(state, series, kind);
    if (name >= sums.size()) {
      sums.resize(name + 1);
    }
    sums[name] += picos;
  };
  const int64_t first_us = (range.start_us + kMicrosPerHour - 1) / kMicrosPerHour * kMicrosPerHour;
  const int64_t end_us = range.end_us / kMicrosPerHour * kMicrosPerHour;
  std::vector<TimeRange> broken = {{range.start_us, first_us}, {end_us, range.end_us}};
  if (first_us > end_us) {
    broken = {range};
  } else {
    for (SeriesId id = 0; id < state.views.rollups().series_count(); ++id) {
      add(id, state.views.runs().outcomes().UnsurfacedIn(id, HourOf(first_us), HourOf(end_us)));
    }
  }
  UnusedSteps unused(state);
  constexpr ColumnMask kMask = Columns(ColumnId::kSeries, ColumnId::kRun, ColumnId::kRunNames,
                                       ColumnId::kCost);
  for (const TimeRange& part : broken) {
    RETURN_IF_ERROR(VisitRows(state, part, kMask, [&](const Block& block, size_t row) {
      ASSIGN_OR_RETURN(const bool in_vain, unused.Contains(block, row));
      if (in_vain) {
        add(block.calls.series[row],
            Picos(block.calls.weight[row]) * Picos(block.calls.cost_picos[row]));
      }
      return absl::OkStatus();
    }));
  }
  return sums;
}

absl::StatusOr<bool> UnusedSteps::Contains(const Block& block, size_t row) {
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    known_.assign(block.calls.run_names.size(), 0);
    unused_.assign(block.calls.run_names.size(), {});
  }
  const uint32_t run = block.calls.run[row];
  if (known_[run] == 0) {
    known_[run] = 1;
    ASSIGN_OR_RETURN(
        const bool found,
        state_.views.runs().Visit(block.calls.run_names[run], [&](const Run& state) {
          if (state.completion().has_value()) {
            unused_[run] = state.completion()->unused_steps;
          }
        }));
    if (!found) {
      return absl::DataLossError("the store is damaged: a run of the log is missing");
    }
  }
  const std::vector<NameId>& steps = unused_[run];
  return std::binary_search(steps.begin(), steps.end(),
                            NameOf(state_, block.calls.series[row], NameKind::kStep));
}

}  // namespace itemized
