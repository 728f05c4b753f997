// SPDX-License-Identifier: Apache-2.0
#include "storage/query/log_scan.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/call_totals.h"

namespace itemized {
namespace {

// The hours of a long range are divided into so many pieces, so that threads end together.
constexpr uint32_t kPiecesMax = 16;

constexpr int kBlocksBetweenRests = 32;

void EraseOutside(TimeRange range, const Block& block, std::vector<uint32_t>* rows) {
  rows->erase(
      std::remove_if(rows->begin(), rows->end(),
                     [&](uint32_t row) { return !range.Contains(block.calls.time_us[row]); }),
      rows->end());
}

}  // namespace

absl::Status LogScan::Open(const Snapshot& snapshot, TimeRange range, ScanColumns columns) {
  const RangeParts<Hour> hours = SplitAtHours(range);
  for (const TimeRange& part : hours.partial) {
    RETURN_IF_ERROR(OpenPiece(snapshot, part, /*checks_times=*/true, columns));
  }
  return OpenHours(snapshot, hours.first, hours.end, columns);
}

absl::Status LogScan::OpenWithMargins(const Snapshot& snapshot, TimeRange range,
                                      ScanColumns columns) {
  columns.shown |= Columns(ColumnId::kTime);
  const Hour first = HourOf(range.start_us);
  const Hour before = first > snapshot.state.blocks.first_hour() ? Hour(first.value() - 1) : first;
  const Hour after = HourOf(range.end_us - 1) + 2;
  ASSIGN_OR_RETURN(BlockStore::Reader reader,
                   snapshot.Open({HourStartUs(before), HourStartUs(after)}, columns.shown));
  pieces_.push_back({.reader = std::move(reader), .range = range, .columns = columns});
  return absl::OkStatus();
}

absl::Status LogScan::OpenHours(const Snapshot& snapshot, Hour first, Hour end,
                                ScanColumns columns) {
  const uint32_t hours = end.value() - first.value();
  const uint32_t hours_at_once = (hours + kPiecesMax - 1) / kPiecesMax;
  for (Hour hour = first; hour < end; hour = hour + hours_at_once) {
    const Hour next = std::min(end, hour + hours_at_once);
    RETURN_IF_ERROR(OpenPiece(snapshot, {HourStartUs(hour), HourStartUs(next)},
                              /*checks_times=*/false, columns));
  }
  return absl::OkStatus();
}

absl::Status LogScan::OpenPiece(const Snapshot& snapshot, TimeRange range, bool checks_times,
                                ScanColumns columns) {
  if (checks_times) {
    columns.shown |= Columns(ColumnId::kTime);
  }
  ASSIGN_OR_RETURN(BlockStore::Reader reader, snapshot.Open(range, columns.shown));
  pieces_.push_back({.reader = std::move(reader),
                     .range = range,
                     .columns = columns,
                     .checks_times = checks_times});
  return absl::OkStatus();
}

absl::Status LogScan::Read(absl::Span<ScanWorker* const> workers,
                           const Cancellation* cancellation) && {
  std::vector<absl::Status> statuses(workers.size());
  std::atomic<size_t> next = 0;
  ParallelFor(workers.size(), workers.size(), [&](size_t thread) {
    ScanPace pace(*state_);
    for (size_t i = next++; i < pieces_.size() && statuses[thread].ok(); i = next++) {
      statuses[thread] = Read(&pieces_[i], workers[thread], &pace, cancellation);
    }
  });
  for (const absl::Status& status : statuses) {
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status LogScan::Read(Piece* piece, ScanWorker* worker, ScanPace* pace,
                           const Cancellation* cancellation) {
  const auto choose = [&](const Block& shown) {
    std::vector<uint32_t> rows;
    worker->Choose(shown, &rows);
    if (piece->checks_times) {
      EraseOutside(piece->range, shown, &rows);
    }
    return rows;
  };
  worker->BeginPiece(piece->range);
  for (int blocks = 1;; ++blocks) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    ASSIGN_OR_RETURN(const std::optional<Block> block,
                     piece->reader.NextChosen(choose, piece->columns.picked));
    if (!block.has_value()) {
      worker->EndPiece();
      return absl::OkStatus();
    }
    if (block->calls.size() != 0) {
      worker->Add(*block);
    }
    if (blocks % kBlocksBetweenRests == 0) {
      pace->RestIfCommitting();
    }
  }
}

}  // namespace itemized
