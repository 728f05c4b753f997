#include <algorithm>
#include <map>

#include "storage/base/status_macros.h"
#include "storage/engine/net_rows.h"
#include "storage/engine/queries.h"

namespace itemized {
namespace {

constexpr size_t kLimitMax = 10'000;

// Flagged calls of the step by hour, for the hours that `range` touches.
std::map<Hour, int64_t> FlaggedByHour(const State& state, TimeRange range,
                                      const std::string& step) {
  std::map<Hour, int64_t> flagged;
  const CallRollups& rollups = state.views.rollups();
  const NameId wanted = state.catalog.Find(NameKind::kStep, step);
  for (NameId name = 0; name < rollups.name_count(NameKind::kStep); ++name) {
    if (!step.empty() && name != wanted) {
      continue;
    }
    const BucketTable<NameDay>& days = rollups.DaysOf(NameKind::kStep, name);
    for (auto day = days.LowerBound(DayOf(range.start_us));
         day != days.end() && DayStartUs(day->bucket) < range.end_us; ++day) {
      for (const auto& [hour_of_day, sums] : day->value.hours) {
        const Hour hour = day->bucket * 24 + hour_of_day;
        if (sums.outliers != 0 && HourStartUs(hour + 1) > range.start_us &&
            HourStartUs(hour) < range.end_us) {
          flagged[hour] += sums.outliers;
        }
      }
    }
  }
  return flagged;
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

}  // namespace

absl::StatusOr<OutliersAnswer> AnswerOutliers(const State& state, const OutliersQuery& query) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  OutliersAnswer answer;
  answer.range = range;
  const size_t limit = std::min(query.limit, kLimitMax);
  const ReaderLock lock(state.mutex);
  const std::map<Hour, int64_t> flagged = FlaggedByHour(state, range, query.step);
  for (auto it = flagged.rbegin(); it != flagged.rend(); ++it) {
    const auto [hour, count] = *it;
    if (hour < state.log.first_hour()) {
      answer.total += count;  // Counted, but their receipts are gone.
      continue;
    }
    const bool whole = HourStartUs(hour) >= range.start_us && HourStartUs(hour + 1) <= range.end_us;
    if (whole && answer.calls.size() >= limit) {
      answer.total += count;
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<BilledCall> found, ReadHour(state, hour, range, query.step));
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
