// SPDX-License-Identifier: Apache-2.0
#include "storage/query/series_scan.h"

#include <algorithm>
#include <utility>

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/views/rollup_scan.h"

namespace itemized {

// Adds rows to the histograms of their names, and those of partial days to the sums as well.
class SeriesScan::Worker : public ScanWorker {
 public:
  explicit Worker(const SeriesScan& scan) : scan_(scan), totals_(scan.totals_.size()) {}

  void Choose(const Block& shown, std::vector<uint32_t>* rows) override {
    const std::vector<uint32_t>& series = shown.calls.series;
    rows->resize(series.size());
    size_t count = 0;
    for (uint32_t row = 0; row < series.size(); ++row) {
      (*rows)[count] = row;
      count += static_cast<size_t>(scan_.name_of_series_[series[row]] != kNone);
    }
    rows->resize(count);
  }

  void Add(const Block& picked) override {
    const CallRows& calls = picked.calls;
    rows_.clear();
    for (uint32_t row = 0; row < calls.size(); ++row) {
      rows_.emplace_back(row, &totals_[scan_.name_of_series_[calls.series[row]]]);
    }
    const Day day = DayOf(HourStartUs(picked.ref.hour));
    const bool is_whole = day >= scan_.days_.first && day < scan_.days_.end;
    AddRows(calls, rows_, /*with_sums=*/!is_whole);
  }

  const CallTotalsByName& totals() const { return totals_; }

 private:
  const SeriesScan& scan_;
  CallTotalsByName totals_;
  std::vector<RowOfTotals> rows_;
};

absl::StatusOr<SeriesScan> SeriesScan::Open(const Snapshot& snapshot, TimeRange range,
                                            const NamesWanted& names) {
  SeriesScan scan(snapshot.state);
  const Catalog& catalog = snapshot.state.catalog;
  scan.totals_.resize(snapshot.state.views.rollups().name_count(names.kind));
  for (SeriesId id; id.value() < catalog.series_count(); ++id) {
    const NameId name = catalog.Series(id)[names.kind];
    const bool is_wanted = names.HasCallsOf(id) && names.Contains(name);
    scan.name_of_series_.push_back(is_wanted ? name.value() : kNone);
  }
  if (std::all_of(scan.name_of_series_.begin(), scan.name_of_series_.end(),
                  [](uint32_t name) { return name == kNone; })) {
    return scan;  // Nothing was ever called so.
  }
  scan.days_ = SplitAtDays(range);
  constexpr ColumnMask kShown = Columns(ColumnId::kSeries);
  for (const TimeRange& part : scan.days_.partial) {
    RETURN_IF_ERROR(scan.log_.Open(snapshot, part, {.shown = kShown, .picked = kSummingColumns}));
  }
  if (scan.days_.first < scan.days_.end) {
    scan.AddDays(snapshot, names);
    const TimeRange whole = {DayStartUs(scan.days_.first), DayStartUs(scan.days_.end)};
    RETURN_IF_ERROR(
        scan.log_.Open(snapshot, whole, {.shown = kShown, .picked = kHistogramColumns}));
  }
  return scan;
}

// Adds the sums of whole days.
void SeriesScan::AddDays(const Snapshot& snapshot, const NamesWanted& names) {
  RollupScan steps{.first = days_.first, .end = days_.end};
  if (names.kind == NameKind::kStep) {
    steps.only = names.only;
  }
  ForEachDay(snapshot.state.views.rollups(), steps, [&](NameId, Day, const NameDay& day) {
    for (const auto& [series, sums] : day.series) {
      if (const uint32_t name = name_of_series_[series.value()]; name != kNone) {
        totals_[name].sums.Merge(sums);
      }
    }
  });
}

absl::StatusOr<CallTotalsByName> SeriesScan::Read(const Cancellation* cancellation) && {
  std::vector<Worker> workers(kThreadsOfAJob, Worker(*this));
  std::vector<ScanWorker*> threads;
  for (Worker& worker : workers) {
    threads.push_back(&worker);
  }
  RETURN_IF_ERROR(std::move(log_).Read(threads, cancellation));
  for (const Worker& worker : workers) {
    for (size_t name = 0; name < totals_.size(); ++name) {
      totals_[name].Merge(worker.totals()[name]);
    }
  }
  return std::move(totals_);
}

}  // namespace itemized
