// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/query/call_totals.h"
#include "storage/query/queries.h"
#include "storage/query/row_filter.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

constexpr size_t kPointsMax = 20'000;  // Over two years of hours.
constexpr size_t kGroupsMax = 1'000;   // The dearest; others are in kOtherName.

// The start of the bucket after the one that holds `time_us`.
int64_t NextBoundary(int64_t time_us, const SeriesQuery& query) {
  const absl::Time time = absl::FromUnixMicros(time_us);
  if (!query.by_hour) {
    const absl::CivilDay day(absl::ToCivilDay(time, query.zone));
    return absl::ToUnixMicros(query.zone.At(absl::CivilSecond(day + 1)).trans);
  }
  // Zones are whole seconds from UTC, and hours go by even when clocks change.
  const int64_t offset_us = query.zone.At(time).offset * kMicrosPerSecond;
  const int64_t local_us = time_us + offset_us;
  const int64_t into_hour = ((local_us % kMicrosPerHour) + kMicrosPerHour) % kMicrosPerHour;
  return time_us - into_hour + kMicrosPerHour;
}

absl::StatusOr<std::vector<SeriesPoint>> MakePoints(TimeRange range, const SeriesQuery& query) {
  std::vector<SeriesPoint> points;
  for (int64_t start_us = range.start_us; start_us < range.end_us;) {
    if (points.size() >= kPointsMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("the series would have more than ", kPointsMax,
                       " points; ask for days, or for a shorter window"));
    }
    const int64_t end_us = std::min(range.end_us, NextBoundary(start_us, query));
    points.push_back({.range = {start_us, end_us}, .sums = {}});
    start_us = end_us;
  }
  return points;
}

// A series in the making.
class Series {
 public:
  Series(const QueryContext& context, const SeriesQuery& query, const Cancellation* cancellation,
         SeriesAnswer* answer)
      : context_(context),
        state_(context.state),
        query_(query),
        cancellation_(cancellation),
        filter_(query.filter, context.state.catalog),
        keys_(query.by.value_or(GroupBy::kStep), query.attribute_key, context.state.catalog),
        answer_(*answer) {}

  ColumnMask columns() const { return kSummingColumns | filter_.columns() | keys_.columns(); }

  // Reads what the rollups keep: hours of a step, and UTC days of all names together. False if
  // they do not have the answer.
  absl::StatusOr<bool> FillFromRollups(const Snapshot& snapshot) {
    if (query_.filter.has_step_only() && query_.by.value_or(GroupBy::kStep) == GroupBy::kStep) {
      RETURN_IF_ERROR(AddHours(snapshot));
      return true;
    }
    const bool days_are_utc = !query_.by_hour && query_.zone == absl::UTCTimeZone();
    if (days_are_utc && !filter_.has_attributes() && query_.by != GroupBy::kAttribute) {
      RETURN_IF_ERROR(AddDays(snapshot));
      return true;
    }
    return false;
  }

  // Reads the log alone, once the snapshot that opened it has ended.
  absl::Status FillFromLog(BlockStore::Reader log) {
    return ScanRows(
        state_, std::move(log), answer_.range,
        [&](const LogRow& row) {
          AddRow(row);
          return absl::OkStatus();
        },
        cancellation_);
  }

  // To be called last.
  void FinishGroups() {
    std::vector<SeriesGroup> groups;
    for (auto& [key, group] : groups_) {
      group.key = key;
      if (group.calls != 0) {
        groups.push_back(std::move(group));
      }
    }
    const auto by_cost = [](const SeriesGroup& a, const SeriesGroup& b) {
      return a.cost != b.cost ? a.cost > b.cost : a.key < b.key;
    };
    std::sort(groups.begin(), groups.end(), by_cost);
    if (groups.size() > kGroupsMax) {
      FoldRest(&groups);
      std::sort(groups.begin(), groups.end(), by_cost);
    }
    answer_.groups = std::move(groups);
  }

 private:
  size_t PointAt(int64_t time_us) const {
    const auto& points = answer_.points;
    const auto after = std::upper_bound(
        points.begin(), points.end(), time_us,
        [](int64_t time, const SeriesPoint& point) { return time < point.range.start_us; });
    return static_cast<size_t>(after - points.begin()) - 1;
  }

  SeriesGroup& TotalsOf(absl::string_view key) {
    SeriesGroup& group = groups_[key];
    if (group.point_calls.empty()) {
      group.point_cost.resize(answer_.points.size());
      group.point_calls.resize(answer_.points.size());
    }
    return group;
  }

  static void AddTo(SeriesGroup* group, size_t point, Picos cost, int64_t calls) {
    group->cost += cost;
    group->calls += calls;
    group->point_cost[point] += cost;
    group->point_calls[point] += calls;
  }

  void AddSums(const SeriesKey& key, size_t point, const CallSums& sums) {
    answer_.points[point].sums.Merge(sums);
    if (query_.by.has_value()) {
      AddTo(&TotalsOf(keys_.KeyOf(key)), point, sums.cost, sums.calls);
    }
  }

  void AddRow(const LogRow& row) {
    if (filter_.Matches(row.block, row.row)) {
      const size_t point = PointAt(row.time_us());
      row.sums.AddTo(&answer_.points[point].sums, row.row, row.weight());
      if (query_.by.has_value()) {
        AddTo(&TotalsOf(keys_.KeyOf(row)), point, row.cost(), row.weight());
      }
    }
  }

  // Adds the hours that lie in one bucket, and then the partial ones.
  absl::Status AddHours(const Snapshot& snapshot) {
    const RollupScan scan = StepsOf(query_.filter, state_.catalog).Touching(answer_.range);
    const auto add = [&](NameId step, Day day, const NameDay& row) {
      for (const auto& [hour, sums] : row.hours) {
        const int64_t start_us = DayStartUs(day) + hour * kMicrosPerHour;
        AddHour(step, {start_us, start_us + kMicrosPerHour}, sums);
      }
    };
    RETURN_IF_ERROR(ForEachDay(state_.views.rollups(), scan, cancellation_, add));
    for (const Hour hour : PartialHoursOf()) {
      ASSIGN_OR_RETURN(const auto blocks,
                       context_.partial_hours.Blocks(snapshot, hour, cancellation_));
      for (const Block& block : *blocks) {
        RETURN_IF_ERROR(VisitRows(block, answer_.range, [&](const LogRow& row) {
          AddRow(row);
          return absl::OkStatus();
        }));
      }
    }
    return absl::OkStatus();
  }

  void AddHour(NameId step, TimeRange hour, const CallSums& sums) {
    if (hour.start_us < answer_.range.start_us || hour.end_us > answer_.range.end_us) {
      return;
    }
    const size_t point = PointAt(hour.start_us);
    if (hour.end_us <= answer_.points[point].range.end_us) {
      SeriesKey key;
      key[NameKind::kStep] = step;
      AddSums(key, point, sums);
    }
  }

  // The UTC hours that some bucket begins or ends within.
  std::set<Hour> PartialHoursOf() const {
    std::set<Hour> hours;
    for (const SeriesPoint& point : answer_.points) {
      for (const int64_t boundary_us : {point.range.start_us, point.range.end_us}) {
        if (boundary_us % kMicrosPerHour != 0) {
          hours.insert(HourOf(boundary_us));
        }
      }
    }
    return hours;
  }

  // The whole UTC days, and then what is left at both ends.
  absl::Status AddDays(const Snapshot& snapshot) {
    const RangeParts parts = Split(answer_.range, kMicrosPerDay);
    RollupScan scan = StepsOf(query_.filter, state_.catalog);
    scan.first = parts.first;
    scan.end = parts.end;
    const auto add = [&](NameId, Day day, const NameDay& row) {
      const size_t point = PointAt(DayStartUs(day));
      for (const auto& [series, sums] : row.series) {
        if (filter_.Matches(state_.catalog.Series(series))) {
          AddSums(state_.catalog.Series(series), point, sums);
        }
      }
    };
    RETURN_IF_ERROR(ForEachDay(state_.views.rollups(), scan, cancellation_, add));
    for (const TimeRange& part : parts.partial) {
      RETURN_IF_ERROR(VisitRows(
          snapshot, part, columns(),
          [&](const LogRow& row) {
            AddRow(row);
            return absl::OkStatus();
          },
          cancellation_));
    }
    return absl::OkStatus();
  }

  // Puts all but the dearest groups into one.
  void FoldRest(std::vector<SeriesGroup>* groups) const {
    const size_t points = answer_.points.size();
    SeriesGroup rest{.key = kOtherName,
                     .point_cost = std::vector<Picos>(points),
                     .point_calls = std::vector<int64_t>(points)};
    size_t kept = 0;
    for (SeriesGroup& group : *groups) {
      if (kept < kGroupsMax && group.key != kOtherName) {
        std::swap((*groups)[kept++], group);
        continue;
      }
      for (size_t point = 0; point < points; ++point) {
        AddTo(&rest, point, group.point_cost[point], group.point_calls[point]);
      }
    }
    groups->resize(kept);
    groups->push_back(std::move(rest));
  }

  const QueryContext& context_;
  const State& state_;
  const SeriesQuery& query_;
  const Cancellation* const cancellation_;
  RowFilter filter_;
  const RowKeys keys_;
  SeriesAnswer& answer_;
  absl::flat_hash_map<std::string, SeriesGroup> groups_;
};

}  // namespace

absl::StatusOr<SeriesAnswer> AnswerSeries(const QueryContext& context, const SeriesQuery& query,
                                          const Cancellation* cancellation) {
  SeriesAnswer answer;
  std::optional<Series> series;
  std::optional<BlockStore::Reader> log;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(query.window));
    ASSIGN_OR_RETURN(answer.points, MakePoints(answer.range, query));
    series.emplace(context, query, cancellation, &answer);
    ASSIGN_OR_RETURN(const bool is_filled, series->FillFromRollups(snapshot));
    if (is_filled) {
      series->FinishGroups();
      return answer;
    }
    ASSIGN_OR_RETURN(log, snapshot.Open(answer.range, series->columns()));
  }
  RETURN_IF_ERROR(series->FillFromLog(*std::move(log)));
  series->FinishGroups();
  return answer;
}

}  // namespace itemized
