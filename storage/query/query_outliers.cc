// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "storage/base/status_macros.h"
#include "storage/block/net_rows.h"
#include "storage/query/call_totals.h"
#include "storage/query/dearest_calls.h"
#include "storage/query/queries.h"
#include "storage/query/row_filter.h"
#include "storage/query/run_page.h"
#include "storage/query/unused_steps.h"

namespace itemized {
namespace {

constexpr size_t kLimitMax = 10'000;
// About; an answer may have one call more. Calls with many attributes are large.
constexpr size_t kAnswerBytesMax = size_t{4} << 20;

// Of one hour, or of all of them.
struct Verdicts {
  int64_t outliers = 0;
  int64_t learning = 0;
  int64_t unjudged = 0;

  void Add(const Verdicts& other) {
    outliers += other.outliers;
    learning += other.learning;
    unjudged += other.unjudged;
  }
  void Add(uint8_t flags, int64_t weight) {
    outliers += IsOutlier(flags) ? weight : 0;
    learning += (flags & kFlagLearning) != 0 ? weight : 0;
    unjudged += (flags & kFlagUnpriced) != 0 ? weight : 0;
  }
  bool empty() const { return outliers == 0 && learning == 0 && unjudged == 0; }
};

// For the hours that `range` touches, as far as they have any: of the filter's step, if it
// names one, whatever else it says.
absl::StatusOr<std::map<Hour, Verdicts>> VerdictsByHour(const State& state, TimeRange range,
                                                        const CallFilter& filter,
                                                        const Cancellation* cancellation) {
  std::map<Hour, Verdicts> found;
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
        const Hour hour = FirstHourOf(day->bucket) + hour_of_day;
        const Verdicts verdicts{.outliers = sums.outliers,
                                .learning = sums.learning_calls,
                                .unjudged = sums.unpriced_calls};
        if (!verdicts.empty() && HourStartUs(hour + 1) > range.start_us &&
            HourStartUs(hour) < range.end_us) {
          found[hour].Add(verdicts);
        }
      }
    }
  }
  return found;
}

std::vector<uint32_t> OutlierRows(const Block& block) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < block.calls.size(); ++row) {
    if (IsOutlier(block.calls.flags[row])) {
      rows.push_back(row);
    }
  }
  return rows;
}

// The outliers of an hour that stand, as far as the log was folded up to `up_to`.
absl::StatusOr<std::vector<Block>> ReadOutliers(const State& state, Hour hour, BlockSequence up_to,
                                                const Cancellation* cancellation) {
  std::vector<Block> blocks;
  RETURN_IF_ERROR(state.blocks.ReadRowsOfHours(hour, hour + 1, up_to, Columns(ColumnId::kFlags),
                                               OutlierRows,
                                               [&](const Block& block) -> absl::Status {
                                                 RETURN_IF_ERROR(CheckNotCancelled(cancellation));
                                                 blocks.push_back(block);
                                                 return absl::OkStatus();
                                               }));
  return blocks;
}

absl::StatusOr<std::vector<BilledCall>> ReadHour(const State& state, Hour hour, TimeRange range,
                                                 RowFilter* filter,
                                                 const Cancellation* cancellation) {
  ASSIGN_OR_RETURN(const std::vector<Block> blocks,
                   ReadOutliers(state, hour, state.views.folded().block, cancellation));
  std::vector<BilledCall> found;
  UnusedSteps unused(state);
  for (const RowRef& ref : NetRows(blocks)) {
    const Block& block = blocks[ref.block];
    if (range.Contains(block.calls.time_us[ref.row]) && filter->Matches(block, ref.row)) {
      found.push_back(ToBilledCall(block.calls, ref.row, state.catalog));
      found.back().unsurfaced = unused.Contains(block, ref.row);
    }
  }
  std::sort(found.begin(), found.end(), [](const BilledCall& a, const BilledCall& b) {
    return a.call.time_us != b.call.time_us ? a.call.time_us > b.call.time_us
                                            : a.call.event_id < b.call.event_id;
  });
  return found;
}

// What there is of the hour within `range`, without receipts.
absl::StatusOr<Verdicts> CountHour(const State& state, Hour hour, TimeRange range,
                                   RowFilter* filter, const Cancellation* cancellation) {
  Verdicts counted;
  const ColumnMask mask = Columns(ColumnId::kSeries, ColumnId::kFlags) | filter->columns();
  const TimeRange part{std::max(range.start_us, HourStartUs(hour)),
                       std::min(range.end_us, HourStartUs(hour + 1))};
  RETURN_IF_ERROR(VisitRows(
      state, part, mask,
      [&](const LogRow& row) {
        if (filter->Matches(row.block, row.row)) {
          counted.Add(row.calls().flags[row.row], row.weight());
        }
        return absl::OkStatus();
      },
      cancellation));
  return counted;
}

// Adds as many calls as there is room for in an answer.
void Add(std::vector<BilledCall> calls, size_t limit, size_t* bytes, OutliersAnswer* answer) {
  for (BilledCall& call : calls) {
    if (answer->calls.size() >= limit || *bytes >= kAnswerBytesMax) {
      return;
    }
    *bytes += BytesOf(call);
    answer->calls.push_back(std::move(call));
  }
}

// Goes through all hours that have outliers, the lock taken for one at a time.
absl::Status FindDearest(const State& state, const std::vector<Hour>& hours, BlockSequence up_to,
                         size_t limit, RowFilter* filter, const Cancellation* cancellation,
                         OutliersAnswer* answer) {
  DearestCalls dearest(limit, kAnswerBytesMax);
  Picos excess = 0;
  UnusedSteps unused(state);
  for (const Hour hour : hours) {
    const absl::StatusOr<std::vector<Block>> blocks =
        ReadOutliers(state, hour, up_to, cancellation);
    const ReaderLock lock(state.mutex);
    if (hour < state.blocks.first_hour()) {
      continue;  // Dropped since the question began.
    }
    RETURN_IF_ERROR(blocks.status());
    for (const RowRef& ref : NetRows(*blocks)) {
      const Block& block = (*blocks)[ref.block];
      const CallRows& calls = block.calls;
      if (!answer->range.Contains(calls.time_us[ref.row]) || !filter->Matches(block, ref.row)) {
        continue;
      }
      const int64_t cost = calls.cost_picos[ref.row];
      const int64_t p50 = calls.p50_picos.empty() ? 0 : calls.p50_picos[ref.row];
      excess += Picos{cost} - Picos{p50} * kOutlierMultiple;
      if (dearest.HasPlaceFor(cost)) {
        BilledCall call = ToBilledCall(calls, ref.row, state.catalog);
        call.unsurfaced = unused.Contains(block, ref.row);
        dearest.Add(std::move(call));
      }
    }
  }
  answer->calls = dearest.Take();
  answer->excess = excess;
  return absl::OkStatus();
}

// What is known before a call is read; the lock is held.
struct Survey {
  Verdicts all;
  std::vector<Hour> hours;  // That have outliers whose receipts are kept, the newest first.
};

absl::StatusOr<Survey> SurveyHours(const State& state, TimeRange range, const CallFilter& wanted,
                                   RowFilter* filter, const Cancellation* cancellation) {
  Survey survey;
  ASSIGN_OR_RETURN(const auto by_hour, VerdictsByHour(state, range, wanted, cancellation));
  for (auto it = by_hour.rbegin(); it != by_hour.rend(); ++it) {
    const auto& [hour, known] = *it;
    const bool whole = HourStartUs(hour) >= range.start_us && HourStartUs(hour + 1) <= range.end_us;
    const bool is_kept = hour >= state.blocks.first_hour();
    Verdicts verdicts = known;
    if (is_kept && !(whole && wanted.has_step_only())) {
      ASSIGN_OR_RETURN(verdicts, CountHour(state, hour, range, filter, cancellation));
    } else if (!is_kept && !wanted.has_step_only()) {
      continue;  // It cannot be told any more which of them the filter lets through.
    }
    survey.all.Add(verdicts);
    if (is_kept && verdicts.outliers != 0) {
      survey.hours.push_back(hour);
    }
  }
  return survey;
}

}  // namespace

absl::StatusOr<OutliersAnswer> AnswerOutliers(const QueryContext& context,
                                              const OutliersQuery& query,
                                              const Cancellation* cancellation) {
  const State& state = context.state;
  ASSIGN_OR_RETURN(const TimeRange range, ResolveWindow(query.window, state));
  OutliersAnswer answer;
  answer.range = range;
  const size_t limit = std::min(query.limit, kLimitMax);
  std::optional<RowFilter> filter;
  Survey survey;
  BlockSequence up_to = 0;
  {
    const ReaderLock lock(state.mutex);
    filter.emplace(query.filter, state.catalog);
    up_to = state.views.folded().block;
    ASSIGN_OR_RETURN(survey, SurveyHours(state, range, query.filter, &*filter, cancellation));
    size_t bytes = 0;
    for (const Hour hour : survey.hours) {
      if (query.order == OutlierOrder::kCost || answer.calls.size() >= limit ||
          bytes >= kAnswerBytesMax) {
        break;
      }
      ASSIGN_OR_RETURN(std::vector<BilledCall> found,
                       ReadHour(state, hour, range, &*filter, cancellation));
      Add(std::move(found), limit, &bytes, &answer);
    }
  }
  if (query.order == OutlierOrder::kCost) {
    RETURN_IF_ERROR(
        FindDearest(state, survey.hours, up_to, limit, &*filter, cancellation, &answer));
  }
  answer.total = survey.all.outliers;
  answer.unjudged_calls = survey.all.unjudged;
  answer.learning_calls = survey.all.learning;
  return answer;
}

}  // namespace itemized
