// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log: blocks in commit order, readable by sequence and by hour. This
// interface is the seam for a replicated log: every view is a fold of what
// Replay delivers, in that order.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/helper_thread.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/block_codec.h"
#include "storage/block/column_codec.h"
#include "storage/kv/kv.h"

namespace itemized {

// Appends from one thread; reads from any. Errors are those of Kv.
class Log {
 public:
  using BlockVisitor = absl::FunctionRef<absl::Status(const Block&)>;
  using BlockTaker = absl::FunctionRef<absl::Status(Block)>;

  // Does not own `kv`.
  static absl::StatusOr<Log> Open(Kv* kv);

  // Numbers `blocks` and writes them durably in one batch with `batch`. On an
  // error nothing is in the log, and the numbers are given again.
  absl::Status Append(std::vector<Block>* blocks, KvBatch batch);

  // The newest block; 0 if there is none.
  BlockSequence last() const { return last_; }

  // Hands over every block after `after`, by rising sequence. `after` must not be
  // below what Trim was told.
  absl::Status Replay(BlockSequence after, BlockTaker take) const;

  // Every block of the log with a sequence of at most `up_to`, by rising sequence.
  absl::StatusOr<std::vector<BlockRef>> List(BlockSequence up_to) const;

  // Blocks of earlier hours are dropped; the first of a UTC day. Changed and read
  // under the lock of the engine.
  Hour first_hour() const { return first_hour_; }
  void SetFirstHour(Hour hour, bool dropping) {
    first_hour_ = hour;
    is_dropping_ = dropping;
  }
  // Whether some of them are still there.
  bool is_dropping() const { return is_dropping_; }
  // Makes the first hour durable.
  absl::Status SaveFirstHour(Hour hour, bool dropping) const;
  // Drops some blocks of earlier hours; true if none is left.
  absl::StatusOr<bool> DropSome();

  // Goes over blocks as they were when it was made, whatever is written meanwhile.
  // Needs no lock. Does not outlive the log.
  class Reader {
   public:
    // The next block; none at the end.
    absl::StatusOr<std::optional<Block>> Next();

   private:
    friend class Log;
    // Moves on to the next block, if there is one.
    absl::StatusOr<std::optional<BlockRef>> NextRef();
    Reader(std::unique_ptr<KvIterator> blocks, BlockSequence up_to, ColumnMask mask)
        : blocks_(std::move(blocks)), up_to_(up_to), mask_(mask) {}

    std::unique_ptr<KvIterator> blocks_;
    BlockSequence up_to_;
    ColumnMask mask_;
    bool is_begun_ = false;
  };

  // Reads the blocks of hours [from, to) with a sequence of at most `up_to`,
  // by hour, then by sequence, decoding only the columns of `mask`.
  // INVALID_ARGUMENT with a sentence if hours are among them that were dropped.
  absl::StatusOr<Reader> OpenHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask) const;

  // Visits the same.
  absl::Status ReadHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
                         BlockVisitor visit) const;

  // Visits the same blocks, of each only the rows that `choose` names, with all their
  // columns; it is shown those of `mask`. Completions are left out.
  absl::Status ReadRowsOfHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
                               RowChooser choose, BlockVisitor visit) const;

  // One block. DATA_LOSS if it does not exist.
  absl::StatusOr<Block> Read(BlockRef ref, ColumnMask mask = kAllColumns) const;
  // Of one block the rows of some runs, without completions. DATA_LOSS if it does not exist.
  absl::StatusOr<Block> ReadRows(BlockRef ref, const RunNames& runs) const;

  // Tells that Replay will not be asked for blocks up to `up_to` again; adds
  // the clean-up to `batch`.
  absl::Status Trim(BlockSequence up_to, KvBatch* batch);

 private:
  explicit Log(Kv* kv) : kv_(kv) {}
  std::vector<std::string> Encode(const std::vector<Block>& blocks);
  absl::Status LoadFirstHour();
  absl::StatusOr<std::string> ReadBytes(BlockRef ref) const;

  Kv* kv_;
  BlockSequence last_ = 0;
  Hour first_hour_ = 0;
  bool is_dropping_ = false;
  // No commit index row lies below this one. A scan that starts here does not
  // walk over the tombstones of all rows trimmed before.
  BlockSequence first_commit_ = 0;
  std::unique_ptr<HelperThread> encoder_ = std::make_unique<HelperThread>("encoder");
};

}  // namespace itemized
