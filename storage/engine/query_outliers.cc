#include <algorithm>
#include <set>

#include "storage/base/status_macros.h"
#include "storage/engine/net_rows.h"
#include "storage/engine/queries.h"

namespace itemized {
namespace {

constexpr size_t kLimitMax = 10'000;

// The hours of `range` in which calls of the step were flagged.
std::set<Hour> FlaggedHours(const State& state, TimeRange range, const std::string& step) {
  std::set<Hour> hours;
  const NameId name = state.catalog.Find(NameKind::kStep, step);
  for (SeriesId id = 0; id < state.views.rollups().series_count(); ++id) {
    if (!step.empty() && state.catalog.Series(id)[NameKind::kStep] != name) {
      continue;
    }
    const CallRollups::Days& days = state.views.rollups().DaysOf(id);
    for (auto day = days.lower_bound(DayOf(range.start_us));
         day != days.end() && DayStartUs(day->first) < range.end_us; ++day) {
      for (const auto& [hour, sums] : day->second.hours) {
        const Hour at = day->first * 24 + hour;
        if (sums.outliers != 0 && HourStartUs(at + 1) > range.start_us &&
            HourStartUs(at) < range.end_us) {
          hours.insert(at);
        }
      }
    }
  }
  return hours;
}

absl::StatusOr<std::vector<BilledCall>> ReadHour(const State& state, Hour hour, TimeRange range,
                                                 const std::string& step) {
  std::vector<Block> blocks;
  RETURN_IF_ERROR(state.log.ReadHours(hour, hour + 1, state.views.folded(), kAllColumns,
                                      [&](const Block& block) {
                                        blocks.push_back(block);
                                        return absl::OkStatus();
                                      }));
  std::vector<BilledCall> found;
  for (const RowRef& ref : NetRows(blocks)) {
    const CallRows& calls = blocks[ref.block].calls;
    if (!calls.Has(ref.row, kFlagOutlier) || !range.Contains(calls.time_us[ref.row])) {
      continue;
    }
    BilledCall call = ToBilledCall(calls, ref.row, state.catalog);
    if (step.empty() || call.call.step == step) {
      found.push_back(std::move(call));
    }
  }
  std::sort(found.begin(), found.end(), [](const BilledCall& a, const BilledCall& b) {
    return a.call.time_us != b.call.time_us ? a.call.time_us > b.call.time_us
                                            : a.call.event_id < b.call.event_id;
  });
  return found;
}

// Outliers of the step in a whole hour, without reading the log.
int64_t CountHour(const State& state, Hour hour, const std::string& step) {
  int64_t count = 0;
  const NameId name = state.catalog.Find(NameKind::kStep, step);
  for (SeriesId id = 0; id < state.views.rollups().series_count(); ++id) {
    if (!step.empty() && state.catalog.Series(id)[NameKind::kStep] != name) {
      continue;
    }
    const CallRollups::Days& days = state.views.rollups().DaysOf(id);
    const auto day = days.find(hour / 24);
    if (day == days.end()) {
      continue;
    }
    for (const auto& [hour_of_day, sums] : day->second.hours) {
      if (hour_of_day == hour % 24) {
        count += sums.outliers;
      }
    }
  }
  return count;
}

}  // namespace

absl::StatusOr<OutliersAnswer> AnswerOutliers(const State& state, const OutliersQuery& query) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state.clock->NowUs()));
  OutliersAnswer answer;
  answer.range = range;
  const size_t limit = std::min(query.limit, kLimitMax);
  const ReaderLock lock(state.mutex);
  const std::set<Hour> hours = FlaggedHours(state, range, query.step);
  for (auto hour = hours.rbegin(); hour != hours.rend(); ++hour) {
    const bool whole =
        HourStartUs(*hour) >= range.start_us && HourStartUs(*hour + 1) <= range.end_us;
    if (whole && answer.calls.size() >= limit) {
      answer.total += CountHour(state, *hour, query.step);
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<BilledCall> found, ReadHour(state, *hour, range, query.step));
    answer.total += static_cast<int64_t>(found.size());
    for (BilledCall& call : found) {
      if (answer.calls.size() < limit) {
        answer.calls.push_back(std::move(call));
      }
    }
  }
  return answer;
}

}  // namespace itemized
