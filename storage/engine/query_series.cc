#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/status_macros.h"
#include "storage/engine/call_groups.h"
#include "storage/engine/queries.h"

namespace itemized {
namespace {

constexpr size_t kPointsMax = 20'000;  // Over two years of hours.

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

SeriesPoint& PointAt(int64_t time_us, std::vector<SeriesPoint>* points) {
  const auto after = std::upper_bound(
      points->begin(), points->end(), time_us,
      [](int64_t time, const SeriesPoint& point) { return time < point.range.start_us; });
  return *(after - 1);
}

// Adds the hours that lie in one bucket; the others are cut by the rim of one.
void AddWholeHours(const BucketTable<NameDay>& days, TimeRange range,
                   std::vector<SeriesPoint>* points) {
  for (auto day = days.LowerBound(DayOf(range.start_us));
       day != days.end() && DayStartUs(day->bucket) < range.end_us; ++day) {
    for (const auto& [hour, sums] : day->value.hours) {
      const int64_t start_us = DayStartUs(day->bucket) + hour * kMicrosPerHour;
      if (start_us < range.start_us || start_us + kMicrosPerHour > range.end_us) {
        continue;
      }
      SeriesPoint& point = PointAt(start_us, points);
      if (start_us + kMicrosPerHour <= point.range.end_us) {
        point.sums.Merge(sums);
      }
    }
  }
}

// The UTC hours that some bucket begins or ends within.
std::set<Hour> BrokenHours(const std::vector<SeriesPoint>& points) {
  std::set<Hour> hours;
  for (const SeriesPoint& point : points) {
    for (const int64_t rim_us : {point.range.start_us, point.range.end_us}) {
      if (rim_us % kMicrosPerHour != 0) {
        hours.insert(HourOf(rim_us));
      }
    }
  }
  return hours;
}

}  // namespace

absl::StatusOr<SeriesAnswer> AnswerSeries(const State& state, const SeriesQuery& query) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  SeriesAnswer answer;
  answer.range = range;
  ASSIGN_OR_RETURN(answer.points, MakePoints(range, query));
  const ReaderLock lock(state.mutex);
  const CallRollups& rollups = state.views.rollups();
  const NameId wanted = state.catalog.Find(NameKind::kStep, query.step);
  const auto is_wanted = [&](NameId step) { return query.step.empty() || step == wanted; };
  for (NameId step = 0; step < rollups.name_count(NameKind::kStep); ++step) {
    if (is_wanted(step)) {
      AddWholeHours(rollups.DaysOf(NameKind::kStep, step), range, &answer.points);
    }
  }
  const auto add = [&](const LogRow& row) {
    if (is_wanted(state.catalog.Series(row.series())[NameKind::kStep])) {
      row.sums.AddTo(&PointAt(row.time_us(), &answer.points).sums, row.row, row.weight());
    }
    return absl::OkStatus();
  };
  for (const Hour hour : BrokenHours(answer.points)) {
    ASSIGN_OR_RETURN(const auto blocks, state.edges.Blocks(state, hour));
    for (const Block& block : *blocks) {
      RETURN_IF_ERROR(VisitRows(block, range, add));
    }
  }
  return answer;
}

}  // namespace itemized
