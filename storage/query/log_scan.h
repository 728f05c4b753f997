// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a question reads the log: by several threads, without any lock, and of most rows no more than
// what tells that they are not wanted.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "storage/base/cancellation.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/block_store.h"
#include "storage/block/column_codec.h"
#include "storage/query/scan_pace.h"
#include "storage/query/snapshot.h"
#include "storage/store/state.h"

namespace itemized {

// What one thread does with the rows of the log. Each thread has one of its own.
class ScanWorker {
 public:
  virtual ~ScanWorker() = default;

  // Begins a piece of the log: blocks of hours that rise, which touch `range` and what was asked
  // for around it. EndPiece follows once all its blocks were added.
  virtual void BeginPiece(TimeRange /*range*/) {}
  virtual void EndPiece() {}

  // Adds to `*rows`, which is empty, the rows of `shown` that are wanted, rising. Their times do
  // not matter.
  virtual void Choose(const Block& shown, std::vector<uint32_t>* rows) = 0;

  // Takes the rows that were chosen and lie in the range; the block has no others. A row with a
  // negative weight takes out one that this worker was given before: one of the same hour.
  virtual void Add(const Block& picked) = 0;
};

// The columns that a scan decodes, besides weights.
struct ScanColumns {
  ColumnMask shown = 0;   // Those of all rows, to choose among them.
  ColumnMask picked = 0;  // Those of the rows that were chosen.
};

// Not thread-safe.
class LogScan {
 public:
  // `state` outlives the scan.
  explicit LogScan(const State& state) : state_(&state) {}

  // Adds the calls of a range, which is not empty, as the snapshot has them; it need not outlive
  // the scan. Errors as BlockStore::OpenHours.
  absl::Status Open(const Snapshot& snapshot, TimeRange range, ScanColumns columns);

  // Adds a range as one piece, with an hour before and one after what it touches, as far as they
  // are kept. A worker is given all their rows, with times, and tells itself which lie in the
  // range.
  absl::Status OpenWithMargins(const Snapshot& snapshot, TimeRange range, ScanColumns columns);

  // Reads all that was opened, with a thread for each worker; the scan is spent then.
  // `cancellation` may be null.
  absl::Status Read(absl::Span<ScanWorker* const> workers, const Cancellation* cancellation) &&;

 private:
  // What one thread reads at a time.
  struct Piece {
    BlockStore::Reader reader;
    TimeRange range;
    ScanColumns columns;
    bool checks_times = false;  // Whether rows that are not in the range are left out.
  };

  absl::Status OpenHours(const Snapshot& snapshot, Hour first, Hour end, ScanColumns columns);
  absl::Status OpenPiece(const Snapshot& snapshot, TimeRange range, bool checks_times,
                         ScanColumns columns);
  static absl::Status Read(Piece* piece, ScanWorker* worker, ScanPace* pace,
                           const Cancellation* cancellation);

  const State* state_;
  std::vector<Piece> pieces_;
};

}  // namespace itemized
