// SPDX-License-Identifier: Apache-2.0
#include "storage/query/partial_days.h"

#include <algorithm>

#include "storage/base/status_macros.h"
#include "storage/query/snapshot.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

void AddPartialDay(TimeRange part, DayParts* days) {
  if (2 * (part.end_us - part.start_us) <= kMicrosPerDay) {
    days->partial.more.push_back(part);
    return;
  }
  const Day day = DayOf(part.start_us);
  days->first = std::min(days->first, day);
  days->end = std::max(days->end, day + 1);
  days->partial.less.push_back({DayStartUs(day), part.start_us});
  days->partial.less.push_back({part.end_us, DayStartUs(day + 1)});
}

}  // namespace

int64_t LengthUs(const PartialDays& partial) {
  int64_t length_us = 0;
  for (const auto* const list : {&partial.more, &partial.less}) {
    for (const TimeRange& range : *list) {
      length_us += range.end_us - range.start_us;
    }
  }
  return length_us;
}

DayParts SplitByDays(TimeRange range) {
  const RangeParts<Day> parts = SplitAtDays(range);
  DayParts days{.first = parts.first, .end = parts.end, .partial = {}};
  for (const TimeRange& part : parts.partial) {
    AddPartialDay(part, &days);
  }
  return days;
}

std::vector<PartialDays> Divide(const PartialDays& partial, size_t count) {
  std::vector<PartialDays> pieces(count);
  const int64_t length_us = LengthUs(partial);
  const auto pieces_count = static_cast<int64_t>(count);
  int64_t done_us = 0;
  int64_t piece = 0;
  for (const auto list : {&PartialDays::more, &PartialDays::less}) {
    for (TimeRange range : partial.*list) {
      while (!range.empty()) {
        const bool is_last = piece + 1 == pieces_count;
        const int64_t left_us = length_us * (piece + 1) / pieces_count - done_us;
        if (left_us <= 0 && !is_last) {
          ++piece;
          continue;
        }
        const int64_t hour_us = HourStartUs(HourOf(range.start_us + left_us) + 1);
        const int64_t cut_us = is_last ? range.end_us : std::min(range.end_us, hour_us);
        (pieces[static_cast<size_t>(piece)].*list).push_back({range.start_us, cut_us});
        done_us += cut_us - range.start_us;
        range.start_us = cut_us;
      }
    }
  }
  return pieces;
}

PartialDayReader::PartialDayReader(const Snapshot& snapshot, NamesWanted names,
                                   const Cancellation* cancellation)
    : snapshot_(snapshot), state_(snapshot.state), names_(names), cancellation_(cancellation) {}

absl::Status PartialDayReader::Read(const PartialDays& partial) {
  RETURN_IF_ERROR(Add(partial.more, &more_));
  return Add(partial.less, &less_);
}

absl::Status PartialDayReader::Add(const std::vector<TimeRange>& ranges, CallTotalsByName* groups) {
  groups_ = groups;
  for (const TimeRange& range : ranges) {
    if (!range.empty()) {
      // Rows of the log may have any name that is folded.
      groups->resize(state_.views.rollups().name_count(names_.kind));
      RETURN_IF_ERROR(Add(range));
    }
  }
  return absl::OkStatus();
}

// Adds the rows of `range`, which lies in one day. Steps have the sums of whole hours in
// the views, so that only what their histograms need is read.
absl::Status PartialDayReader::Add(TimeRange range) {
  ReserveDay(DayOf(range.start_us));
  if (names_.kind != NameKind::kStep) {
    return AddRows(range, kSummingColumns);
  }
  const RangeParts<Hour> hours = SplitAtHours(range);
  for (const TimeRange& part : hours.partial) {
    RETURN_IF_ERROR(AddRows(part, kSummingColumns));
  }
  if (hours.first == hours.end) {
    return absl::OkStatus();
  }
  AddHourSums(hours.first, hours.end);
  return AddRows({HourStartUs(hours.first), HourStartUs(hours.end)}, kHistogramColumns);
}

RollupScan PartialDayReader::ScanOf(Day day) const {
  return {.kind = names_.kind, .only = names_.only, .first = day, .end = day + 1};
}

void PartialDayReader::ReserveDay(Day day) {
  ForEachDay(state_.views.rollups(), ScanOf(day), [&](NameId name, Day, const NameDay& row) {
    CallTotals& group = (*groups_)[name.value()];
    group.cost.Reserve({&row.cost, &row.flagged_cost});
    group.duration.Reserve({&row.duration});
  });
}

void PartialDayReader::AddHourSums(Hour first, Hour end) {
  const Day day = DayOfHour(first);
  ForEachDay(state_.views.rollups(), ScanOf(day), [&](NameId name, Day, const NameDay& row) {
    for (const auto& [hour, sums] : row.hours) {
      if (FirstHourOf(day) + hour >= first && FirstHourOf(day) + hour < end) {
        (*groups_)[name.value()].sums.Merge(sums);
      }
    }
  });
}

absl::Status PartialDayReader::AddRows(TimeRange range, ColumnMask mask) {
  ASSIGN_OR_RETURN(BlockStore::Reader reader, snapshot_.Open(range, mask));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<Block> block, reader.Next());
    if (!block.has_value()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckNotCancelled(cancellation_));
    AddBlock(*block, range, mask == kSummingColumns);
  }
}

void PartialDayReader::AddBlock(const Block& block, TimeRange range, bool with_sums) {
  const CallRows& calls = block.calls;
  rows_.clear();
  for (uint32_t row = 0; row < calls.size(); ++row) {
    if (range.Contains(calls.time_us[row])) {
      const NameId name = state_.catalog.Series(calls.SeriesAt(row))[names_.kind];
      if (names_.Contains(name)) {
        rows_.emplace_back(row, &(*groups_)[name.value()]);
      }
    }
  }
  itemized::AddRows(calls, rows_, with_sums);
}

}  // namespace itemized
