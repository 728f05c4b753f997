// SPDX-License-Identifier: Apache-2.0
#include "storage/query/series_scan.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

// The whole days of a long range are divided into so many pieces, so that threads end together.
constexpr uint32_t kPiecesMax = 16;

constexpr int kBlocksBetweenRests = 32;

}  // namespace

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
  const RangeParts<Day> days = SplitAtDays(range);
  for (const TimeRange& part : days.partial) {
    RETURN_IF_ERROR(scan.OpenPiece(snapshot, part, /*with_sums=*/true));
  }
  scan.AddDays(snapshot, days.first, days.end, names);
  RETURN_IF_ERROR(scan.OpenDays(snapshot, days.first, days.end));
  return scan;
}

// Adds the sums of whole days.
void SeriesScan::AddDays(const Snapshot& snapshot, Day first, Day end, const NamesWanted& names) {
  RollupScan steps{.first = first, .end = end};
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

absl::Status SeriesScan::OpenDays(const Snapshot& snapshot, Day first, Day end) {
  const uint32_t days = end.value() - first.value();
  const uint32_t days_at_once = (days + kPiecesMax - 1) / kPiecesMax;
  for (Day day = first; day < end; day = day + days_at_once) {
    const Day next = std::min(end, day + days_at_once);
    RETURN_IF_ERROR(OpenPiece(snapshot, {DayStartUs(day), DayStartUs(next)}, /*with_sums=*/false));
  }
  return absl::OkStatus();
}

absl::Status SeriesScan::OpenPiece(const Snapshot& snapshot, TimeRange range, bool with_sums) {
  ASSIGN_OR_RETURN(BlockStore::Reader reader,
                   snapshot.Open(range, with_sums ? kSummingColumns : kHistogramColumns));
  pieces_.push_back({.reader = std::move(reader), .range = range, .with_sums = with_sums});
  return absl::OkStatus();
}

absl::StatusOr<CallTotalsByName> SeriesScan::Read(const Cancellation* cancellation) && {
  std::vector<CallTotalsByName> totals(kThreadsOfAJob, CallTotalsByName(totals_.size()));
  std::vector<absl::Status> statuses(kThreadsOfAJob);
  std::atomic<size_t> next = 0;
  ParallelFor(kThreadsOfAJob, kThreadsOfAJob, [&](size_t thread) {
    ScanPace pace(*state_);
    for (size_t i = next++; i < pieces_.size() && statuses[thread].ok(); i = next++) {
      statuses[thread] = Read(&pieces_[i], &pace, cancellation, &totals[thread]);
    }
  });
  for (size_t thread = 0; thread < kThreadsOfAJob; ++thread) {
    RETURN_IF_ERROR(statuses[thread]);
    for (size_t name = 0; name < totals_.size(); ++name) {
      totals_[name].Merge(totals[thread][name]);
    }
  }
  return std::move(totals_);
}

absl::Status SeriesScan::Read(Piece* piece, ScanPace* pace, const Cancellation* cancellation,
                              CallTotalsByName* totals) const {
  std::vector<RowOfTotals> rows;
  for (int blocks = 1;; ++blocks) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    ASSIGN_OR_RETURN(const std::optional<Block> block, piece->reader.Next());
    if (!block.has_value()) {
      return absl::OkStatus();
    }
    Add(*block, *piece, &rows, totals);
    if (blocks % kBlocksBetweenRests == 0) {
      pace->RestIfCommitting();
    }
  }
}

void SeriesScan::Add(const Block& block, const Piece& piece, std::vector<RowOfTotals>* rows,
                     CallTotalsByName* totals) const {
  const CallRows& calls = block.calls;
  rows->clear();
  for (uint32_t row = 0; row < calls.size(); ++row) {
    const uint32_t name = name_of_series_[calls.series[row]];
    if (name != kNone && piece.range.Contains(calls.time_us[row])) {
      rows->emplace_back(row, &(*totals)[name]);
    }
  }
  AddRows(calls, *rows, piece.with_sums);
}

}  // namespace itemized
