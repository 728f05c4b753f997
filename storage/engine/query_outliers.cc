// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "storage/base/status_macros.h"
#include "storage/engine/call_groups.h"
#include "storage/engine/net_rows.h"
#include "storage/engine/queries.h"
#include "storage/engine/row_filter.h"

namespace itemized {
namespace {

constexpr size_t kLimitMax = 10'000;

// Flagged calls by hour, for the hours that `range` touches: of the filter's step, if it
// names one, whatever else it says.
absl::StatusOr<std::map<Hour, int64_t>> FlaggedByHour(const State& state, TimeRange range,
                                                      const CallFilter& filter,
                                                      const Cancellation* cancellation) {
  std::map<Hour, int64_t> flagged;
  const CallRollups& rollups = state.views.rollups();
  const auto& step = filter[NameKind::kStep];
  const NameId wanted = step.has_value() ? state.catalog.Find(NameKind::kStep, *step) : 0;
  for (NameId name = 0; name < rollups.name_count(NameKind::kStep); ++name) {
    if (step.has_value() && name != wanted) {
      continue;
    }
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
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

std::vector<uint32_t> FlaggedRows(const Block& block) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < block.calls.size(); ++row) {
    if (block.calls.Has(row, kFlagOutlier)) {
      rows.push_back(row);
    }
  }
  return rows;
}

absl::StatusOr<std::vector<BilledCall>> ReadHour(const State& state, Hour hour, TimeRange range,
                                                 RowFilter* filter,
                                                 const Cancellation* cancellation) {
  std::vector<Block> blocks;
  RETURN_IF_ERROR(state.log.ReadRowsOfHours(hour, hour + 1, state.views.folded(),
                                            Columns(ColumnId::kFlags), FlaggedRows,
                                            [&](const Block& block) -> absl::Status {
                                              RETURN_IF_ERROR(CheckNotCancelled(cancellation));
                                              blocks.push_back(block);
                                              return absl::OkStatus();
                                            }));
  std::vector<BilledCall> found;
  for (const RowRef& ref : NetRows(blocks)) {
    const CallRows& calls = blocks[ref.block].calls;
    if (range.Contains(calls.time_us[ref.row]) && filter->Matches(blocks[ref.block], ref.row)) {
      found.push_back(ToBilledCall(calls, ref.row, state.catalog));
    }
  }
  std::sort(found.begin(), found.end(), [](const BilledCall& a, const BilledCall& b) {
    return a.call.time_us != b.call.time_us ? a.call.time_us > b.call.time_us
                                            : a.call.event_id < b.call.event_id;
  });
  return found;
}

// How many there are, without their receipts.
absl::StatusOr<int64_t> CountHour(const State& state, Hour hour, TimeRange range, RowFilter* filter,
                                  const Cancellation* cancellation) {
  int64_t count = 0;
  const ColumnMask mask = Columns(ColumnId::kSeries, ColumnId::kFlags) | filter->columns();
  const TimeRange part{std::max(range.start_us, HourStartUs(hour)),
                       std::min(range.end_us, HourStartUs(hour + 1))};
  RETURN_IF_ERROR(VisitRows(
      state, part, mask,
      [&](const LogRow& row) {
        if (row.calls().Has(row.row, kFlagOutlier) && filter->Matches(row.block, row.row)) {
          count += row.weight();
        }
        return absl::OkStatus();
      },
      cancellation));
  return count;
}

}  // namespace

absl::StatusOr<OutliersAnswer> AnswerOutliers(const State& state, const OutliersQuery& query,
                                              const Cancellation* cancellation) {
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  OutliersAnswer answer;
  answer.range = range;
  const size_t limit = std::min(query.limit, kLimitMax);
  const ReaderLock lock(state.mutex);
  RowFilter filter(query.filter, state.catalog);
  ASSIGN_OR_RETURN(const auto flagged, FlaggedByHour(state, range, query.filter, cancellation));
  for (auto it = flagged.rbegin(); it != flagged.rend(); ++it) {
    const auto [hour, count] = *it;
    const bool whole = HourStartUs(hour) >= range.start_us && HourStartUs(hour + 1) <= range.end_us;
    const bool is_kept = hour >= state.log.first_hour();
    if (!is_kept || (whole && answer.calls.size() >= limit && query.filter.has_step_only())) {
      answer.total += is_kept || query.filter.has_step_only() ? count : 0;
      continue;  // Counted; without a place in the answer, or with receipts that are gone.
    }
    if (answer.calls.size() >= limit) {
      ASSIGN_OR_RETURN(const int64_t counted, CountHour(state, hour, range, &filter, cancellation));
      answer.total += counted;
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<BilledCall> found,
                     ReadHour(state, hour, range, &filter, cancellation));
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
