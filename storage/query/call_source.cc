// SPDX-License-Identifier: Apache-2.0
#include "storage/query/call_source.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

// If there are more hours within which a boundary lies, opening each by itself does not pay.
constexpr size_t kPartialHoursMax = 64;

// The UTC hours within which a boundary lies, rising.
std::vector<Hour> PartialHoursOf(const std::vector<int64_t>& boundaries_us) {
  std::vector<Hour> hours;
  for (const int64_t boundary_us : boundaries_us) {
    if (boundary_us % kMicrosPerHour != 0) {
      hours.push_back(HourOf(boundary_us));
    }
  }
  hours.erase(std::unique(hours.begin(), hours.end()), hours.end());
  return hours;
}

}  // namespace

CallSource::CallSource(const QueryContext& context, const Snapshot& snapshot, CallsWanted wanted,
                       ColumnMask columns, const Cancellation* cancellation)
    : context_(context),
      state_(snapshot.state),
      wanted_(std::move(wanted)),
      cancellation_(cancellation),
      parts_(PartsFor(wanted_)),
      filter_(wanted_.filter, state_.catalog),
      keys_(wanted_.by, wanted_.attribute_key, state_.catalog),
      columns_(kSummingColumns | columns | filter_.columns() | keys_.columns()) {}

CallSource::Parts CallSource::PartsFor(const CallsWanted& wanted) {
  if (wanted.by == GroupBy::kAttribute || !wanted.filter.attributes.empty()) {
    return Parts::kLog;
  }
  const bool steps_only = wanted.by == GroupBy::kStep && wanted.filter.has_step_only();
  if (wanted.quantiles) {
    return steps_only || wanted.filter.empty() ? Parts::kTotals : Parts::kSeries;
  }
  if (steps_only) {
    return Parts::kStepHours;
  }
  return wanted.by_utc_day ? Parts::kSeriesDays : Parts::kLog;
}

NamesWanted CallSource::names() const {
  NamesWanted names{.kind = *KindOf(wanted_.by)};
  if (names.kind == NameKind::kStep) {
    names.only = StepsOf(wanted_.filter, state_.catalog).only;
  }
  if (is_by_series()) {
    names.series = filter_.series();
  }
  return names;
}

absl::StatusOr<SeriesScan> CallSource::OpenTotals(const Snapshot& snapshot) const {
  CHECK(is_by_series());
  return SeriesScan::Open(snapshot, wanted_.range, names());
}

absl::StatusOr<CallTotalsByName> CallSource::Totals(const Snapshot& snapshot) const {
  CHECK(parts_ == Parts::kTotals);
  return GatherCalls(snapshot, wanted_.range, names(), cancellation_);
}

absl::Status CallSource::VisitSums(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row) {
  CHECK(parts_ == Parts::kStepHours || parts_ == Parts::kSeriesDays);
  return parts_ == Parts::kStepHours ? VisitHours(snapshot, sums, row)
                                     : VisitDays(snapshot, sums, row);
}

absl::Status CallSource::VisitHours(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row) {
  const std::vector<Hour> partial = PartialHoursOf(wanted_.boundaries_us);
  const TimeRange& range = wanted_.range;
  const RollupScan scan = StepsOf(wanted_.filter, state_.catalog).Touching(range);
  const auto add = [&](NameId step, Day day, const NameDay& values) {
    SeriesKey key;
    key[NameKind::kStep] = step;
    for (const auto& [hour_of_day, hour_sums] : values.hours) {
      const Hour hour = FirstHourOf(day) + hour_of_day;
      const int64_t start_us = HourStartUs(hour);
      if (start_us >= range.start_us && start_us + kMicrosPerHour <= range.end_us &&
          !std::binary_search(partial.begin(), partial.end(), hour)) {
        sums(key, start_us, hour_sums);
      }
    }
  };
  RETURN_IF_ERROR(ForEachDay(state_.views.rollups(), scan, cancellation_, add));
  for (const Hour hour : partial) {
    ASSIGN_OR_RETURN(const auto blocks,
                     context_.partial_hours.Blocks(snapshot, hour, cancellation_));
    for (const Block& block : *blocks) {
      RETURN_IF_ERROR(
          VisitRows(block, range, [&](const LogRow& found) { return VisitIfWanted(found, row); }));
    }
  }
  return absl::OkStatus();
}

absl::Status CallSource::VisitDays(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row) {
  const RangeParts<Day> parts = SplitAtDays(wanted_.range);
  RollupScan scan = StepsOf(wanted_.filter, state_.catalog);
  scan.first = parts.first;
  scan.end = parts.end;
  const auto add = [&](NameId, Day day, const NameDay& values) {
    for (const auto& [series, series_sums] : values.series) {
      if (filter_.Matches(state_.catalog.Series(series))) {
        sums(state_.catalog.Series(series), DayStartUs(day), series_sums);
      }
    }
  };
  RETURN_IF_ERROR(ForEachDay(state_.views.rollups(), scan, cancellation_, add));
  for (const TimeRange& part : parts.partial) {
    RETURN_IF_ERROR(VisitRows(
        snapshot, part, columns_, [&](const LogRow& found) { return VisitIfWanted(found, row); },
        cancellation_));
  }
  return absl::OkStatus();
}

absl::Status CallSource::VisitIfWanted(const LogRow& row, CallVisitor visit) {
  if (filter_.Matches(row.block, row.row)) {
    visit(row);
  }
  return absl::OkStatus();
}

absl::StatusOr<LogScan> CallSource::OpenLog(const Snapshot& snapshot,
                                            const RowFilter& filter) const {
  const ScanColumns without_times = {.shown = filter.columns(), .picked = columns_};
  ScanColumns with_times = without_times;
  with_times.picked |= Columns(ColumnId::kTime);
  LogScan log(state_);
  const auto open = [&](int64_t start_us, int64_t end_us, const ScanColumns& columns) {
    const TimeRange part = {std::max(start_us, wanted_.range.start_us),
                            std::min(end_us, wanted_.range.end_us)};
    return part.empty() ? absl::OkStatus() : log.Open(snapshot, part, columns);
  };
  const std::vector<Hour> partial = PartialHoursOf(wanted_.boundaries_us);
  if (partial.size() > kPartialHoursMax) {
    RETURN_IF_ERROR(open(wanted_.range.start_us, wanted_.range.end_us, with_times));
    return log;
  }
  int64_t opened_us = wanted_.range.start_us;
  for (const Hour hour : partial) {
    RETURN_IF_ERROR(open(opened_us, HourStartUs(hour), without_times));
    RETURN_IF_ERROR(open(HourStartUs(hour), HourStartUs(hour + 1), with_times));
    opened_us = HourStartUs(hour + 1);
  }
  RETURN_IF_ERROR(open(opened_us, wanted_.range.end_us, without_times));
  return log;
}

void FilteringWorker::Choose(const Block& shown, std::vector<uint32_t>* rows) {
  filter_.Choose(shown, rows);
}

}  // namespace itemized
