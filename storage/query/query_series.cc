// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
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
  // `keys` outlive it.
  Series(const RowKeys& keys, bool is_split, std::vector<SeriesPoint> points)
      : keys_(keys), is_split_(is_split), points_(std::move(points)) {}

  void AddSums(const SeriesKey& key, int64_t start_us, const CallSums& sums) {
    const size_t point = PointAt(start_us);
    points_[point].sums.Merge(sums);
    if (is_split_) {
      AddTo(&TotalsOf(keys_.KeyOf(key)), point, sums.cost, sums.calls);
    }
  }

  void AddRow(const LogRow& row) { AddRow(row, PointAt(row.time_us())); }

  // Adds the rows of a block, all of which lie in the range. Only if a point begins within the hour
  // of the block do they need times.
  void AddBlock(const Block& block) {
    const RowSums sums(block.calls);
    const std::optional<size_t> point = PointOf(block.ref.hour);
    groups_of_numbers_.clear();
    for (size_t i = 0; i < block.calls.size(); ++i) {
      const LogRow row = {.block = block, .row = i, .sums = sums};
      AddRow(row, point.has_value() ? *point : PointAt(row.time_us()));
    }
  }

  // Adds the calls of another series of the same question.
  void Merge(const Series& other) {
    for (size_t point = 0; point < points_.size(); ++point) {
      points_[point].sums.Merge(other.points_[point].sums);
    }
    for (const auto& [key, group] : other.groups_) {
      SeriesGroup& to = TotalsOf(key);
      for (size_t point = 0; point < points_.size(); ++point) {
        AddTo(&to, point, group.point_cost[point], group.point_calls[point]);
      }
    }
  }

  // Puts points and groups into the answer, once all calls are added; the series is spent then.
  void MoveTo(SeriesAnswer* answer) && {
    answer->groups = Groups();
    answer->points = std::move(points_);
  }

 private:
  std::vector<SeriesGroup> Groups() {
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
    return groups;
  }

  void AddRow(const LogRow& row, size_t point) {
    row.sums.AddTo(&points_[point].sums, row.row, row.weight());
    if (is_split_) {
      AddTo(&GroupOf(row), point, row.cost(), row.weight());
    }
  }

  SeriesGroup& GroupOf(const LogRow& row) {
    const uint32_t number = keys_.NumberOf(row);
    if (number >= groups_of_numbers_.size()) {
      groups_of_numbers_.resize(number + 1);
    }
    SeriesGroup*& group = groups_of_numbers_[number];
    if (group == nullptr) {
      group = &TotalsOf(keys_.KeyOf(row));
    }
    return *group;
  }

  // The point that has all of the range that lies in `hour`, if it is one.
  std::optional<size_t> PointOf(Hour hour) const {
    const int64_t hour_us = HourStartUs(hour);
    const size_t first = PointAt(std::max(hour_us, points_.front().range.start_us));
    const size_t last =
        PointAt(std::min(hour_us + kMicrosPerHour, points_.back().range.end_us) - 1);
    return first == last ? std::optional(first) : std::nullopt;
  }

  size_t PointAt(int64_t time_us) const {
    const auto after = std::upper_bound(
        points_.begin(), points_.end(), time_us,
        [](int64_t time, const SeriesPoint& point) { return time < point.range.start_us; });
    return static_cast<size_t>(after - points_.begin()) - 1;
  }

  SeriesGroup& TotalsOf(absl::string_view key) {
    SeriesGroup& group = groups_[key];
    if (group.point_calls.empty()) {
      group.point_cost.resize(points_.size());
      group.point_calls.resize(points_.size());
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
    const size_t points = points_.size();
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
  std::vector<SeriesPoint> points_;
  absl::node_hash_map<std::string, SeriesGroup> groups_;
  // The group of each number of RowKeys in the block at hand; null if it is not known.
  std::vector<SeriesGroup*> groups_of_numbers_;
};

// One thread's part of a series that is made by reading the log.
class SeriesWorker : public FilteringWorker {
 public:
  // `state` and `source` outlive it.
  SeriesWorker(const State& state, const CallSource& source, Series series)
      : FilteringWorker(source.filter()), state_(state), series_(std::move(series)) {}

  void Add(const Block& picked) override {
    const ReaderLock lock(state_.mutex);  // Keys are named under it.
    series_.AddBlock(picked);
  }

  const Series& series() const { return series_; }

 private:
  const State& state_;
  Series series_;
};

// Adds the rows of `log` to `*series`, which has none yet.
absl::Status ReadLog(const State& state, const CallSource& source, LogScan log, Series* series,
                     const Cancellation* cancellation) {
  std::vector<SeriesWorker> workers(kThreadsOfAJob, SeriesWorker(state, source, *series));
  std::vector<ScanWorker*> threads;
  for (SeriesWorker& worker : workers) {
    threads.push_back(&worker);
  }
  RETURN_IF_ERROR(std::move(log).Read(threads, cancellation));
  for (const SeriesWorker& worker : workers) {
    series->Merge(worker.series());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SeriesAnswer> AnswerSeries(const QueryContext& context, const SeriesQuery& query,
                                          const Cancellation* cancellation) {
  SeriesAnswer answer;
  std::optional<CallSource> source;
  std::optional<Series> series;
  std::optional<LogScan> log;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(query.window));
    ASSIGN_OR_RETURN(std::vector<SeriesPoint> points, MakePoints(answer.range, query));
    source.emplace(context, snapshot, WantedFor(query, answer.range, points), ColumnMask{0},
                   cancellation);
    series.emplace(source->keys(), query.by.has_value(), std::move(points));
    if (source->needs_log()) {
      ASSIGN_OR_RETURN(log, source->OpenLog(snapshot, source->filter()));
    } else {
      RETURN_IF_ERROR(source->VisitSums(
          snapshot,
          [&](const SeriesKey& key, int64_t start_us, const CallSums& sums) {
            series->AddSums(key, start_us, sums);
          },
          [&](const LogRow& row) { series->AddRow(row); }));
    }
  }
  if (log.has_value()) {
    RETURN_IF_ERROR(ReadLog(context.state, *source, *std::move(log), &*series, cancellation));
  }
  (*std::move(series)).MoveTo(&answer);
  return answer;
}

}  // namespace itemized
