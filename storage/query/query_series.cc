// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/query/call_source.h"
#include "storage/query/queries.h"

namespace itemized {
namespace {

constexpr size_t kPointsMax = 20'000;  // Two years have fewer hours.
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
          absl::StrCat("The series would have more than ", kPointsMax,
                       " points; ask for days, or for a shorter window."));
    }
    const int64_t end_us = std::min(range.end_us, NextBoundary(start_us, query));
    points.push_back({.range = {start_us, end_us}, .sums = {}});
    start_us = end_us;
  }
  return points;
}

// The calls that `query` is about, which outlives them, divided as `points` are.
CallsWanted WantedFor(const SeriesQuery& query, TimeRange range,
                      const std::vector<SeriesPoint>& points) {
  CallsWanted wanted{.range = range,
                     .filter = query.filter,
                     .by = query.by.value_or(GroupBy::kStep),
                     .attribute_key = query.attribute_key,
                     .by_utc_day = !query.by_hour && query.zone == absl::UTCTimeZone()};
  wanted.boundaries_us.push_back(range.start_us);
  for (const SeriesPoint& point : points) {
    wanted.boundaries_us.push_back(point.range.end_us);
  }
  return wanted;
}

// A series in the making.
class Series {
 public:
  Series(const RowKeys& keys, bool is_split, SeriesAnswer* answer)
      : keys_(keys), is_split_(is_split), answer_(*answer) {}

  void AddSums(const SeriesKey& key, int64_t start_us, const CallSums& sums) {
    const size_t point = PointAt(start_us);
    answer_.points[point].sums.Merge(sums);
    if (is_split_) {
      AddTo(&TotalsOf(keys_.KeyOf(key)), point, sums.cost, sums.calls);
    }
  }

  void AddRow(const LogRow& row) {
    const size_t point = PointAt(row.time_us());
    row.sums.AddTo(&answer_.points[point].sums, row.row, row.weight());
    if (is_split_) {
      AddTo(&TotalsOf(keys_.KeyOf(row)), point, row.cost(), row.weight());
    }
  }

  // Makes the groups of the answer, once all calls are added.
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

  const RowKeys& keys_;
  const bool is_split_;
  SeriesAnswer& answer_;
  absl::flat_hash_map<std::string, SeriesGroup> groups_;
};

}  // namespace

absl::StatusOr<SeriesAnswer> AnswerSeries(const QueryContext& context, const SeriesQuery& query,
                                          const Cancellation* cancellation) {
  SeriesAnswer answer;
  std::optional<CallSource> source;
  std::optional<Series> series;
  const auto add_row = [&](const LogRow& row) { series->AddRow(row); };
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(query.window));
    ASSIGN_OR_RETURN(answer.points, MakePoints(answer.range, query));
    source.emplace(context, snapshot, WantedFor(query, answer.range, answer.points), ColumnMask{0},
                   cancellation);
    series.emplace(source->keys(), query.by.has_value(), &answer);
    if (!source->needs_log()) {
      RETURN_IF_ERROR(source->VisitSums(
          snapshot,
          [&](const SeriesKey& key, int64_t start_us, const CallSums& sums) {
            series->AddSums(key, start_us, sums);
          },
          add_row));
      series->FinishGroups();
      return answer;
    }
    RETURN_IF_ERROR(source->Open(snapshot));
  }
  RETURN_IF_ERROR(source->Scan(add_row));
  series->FinishGroups();
  return answer;
}

}  // namespace itemized
