// SPDX-License-Identifier: Apache-2.0
#pragma once

// The blocks of a store by hour and sequence, where questions and corrections read them. The order
// in which they came is that of the log (storage/log/commit_log.h).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "storage/base/parallel_for.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/block_codec.h"
#include "storage/block/column_codec.h"
#include "storage/kv/kv.h"

namespace itemized {

// The hour from which on single events are kept. The log says which it is.
struct EventsFirstHour {
  Hour hour{};
  bool is_dropping = false;  // Whether events of earlier hours may still be there.

  bool operator==(const EventsFirstHour&) const = default;
};

// One thread writes, any thread may read. Errors are those of Kv.
class BlockStore {
 public:
  using BlockVisitor = absl::FunctionRef<absl::Status(const Block&)>;

  // Reads and writes the blocks in `kv`, which it does not own.
  static absl::StatusOr<BlockStore> Open(Kv* kv);

  // Makes a store that reads the blocks of another one in `kv`, which it does not own: AddRows adds
  // nothing, and nothing is dropped. The numbering begins anew.
  static BlockStore Borrow(Kv* kv) { return BlockStore(kv, /*is_borrowed=*/true); }

  // Numbers `blocks` as the ones that come next. The same numbers are given again until Advance is
  // called.
  void Number(absl::Span<Block> blocks) const;

  // Adds the rows of `blocks`, which are numbered, to `batch`. `encoded` has the bytes of those
  // that somebody has encoded ahead (EncodeBlock), and "" for the others; it may be empty.
  void AddRows(absl::Span<const Block> blocks, KvBatch* batch,
               std::vector<std::string> encoded = {});

  // The newest block; 0 if there is none. Advance says that the rows up to `last` are written.
  BlockSequence last() const { return last_; }
  void Advance(BlockSequence last) { last_ = last; }

  // The first hour whose blocks are kept, which is the first of a UTC day. The lock of the views
  // guards it.
  Hour first_hour() const { return first_hours_.hour; }
  // Whether blocks of earlier hours, or their runs, are still there.
  bool is_dropping() const { return first_hours_.is_dropping; }
  void SetFirstHour(EventsFirstHour first) { first_hours_ = first; }
  static void AddRow(EventsFirstHour first, KvBatch* batch);

  // Drops some blocks of hours before first_hour(). Returns true if none is left.
  absl::StatusOr<bool> DropSome();

  // Goes over blocks as they were when the reader was made, whatever is written meanwhile. Needs no
  // lock. Does not outlive the store.
  class Reader {
   public:
    // Returns the next block; none at the end.
    absl::StatusOr<std::optional<Block>> Next();
    // Returns the next block with only the rows that `choose` names, of which it decodes `mask`.
    // `choose` is shown the columns of the reader's mask. Completions are left out.
    absl::StatusOr<std::optional<Block>> NextChosen(RowChooser choose,
                                                    ColumnMask mask = kAllColumns);

   private:
    friend class BlockStore;
    // Moves on to the next block, if there is one.
    absl::StatusOr<std::optional<BlockRef>> NextRef();
    Reader(std::unique_ptr<KvIterator> blocks, BlockSequence up_to, ColumnMask mask)
        : blocks_(std::move(blocks)), up_to_(up_to), mask_(mask) {}

    std::unique_ptr<KvIterator> blocks_;
    BlockSequence up_to_;
    ColumnMask mask_;
    bool is_begun_ = false;
  };

  // Reads the blocks of hours [from, to) with a sequence of at most `up_to`, by hour, then by
  // sequence, decoding only the columns of `mask`. INVALID_ARGUMENT if some of those hours were
  // dropped.
  absl::StatusOr<Reader> OpenHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask) const;

  // Calls `visit` with each block that OpenHours would read. Its errors end the reading.
  absl::Status ReadHours(Hour from, Hour to, BlockSequence up_to, ColumnMask mask,
                         BlockVisitor visit) const;

  // Reads one block. NOT_FOUND if it does not exist.
  absl::StatusOr<Block> Find(BlockRef ref, ColumnMask mask = kAllColumns) const;
  // Reads one block that must exist: DATA_LOSS if it does not.
  absl::StatusOr<Block> Read(BlockRef ref, ColumnMask mask = kAllColumns) const;
  // Reads the rows that some runs have in a block, without completions. DATA_LOSS if the block does
  // not exist.
  absl::StatusOr<Block> ReadRows(BlockRef ref, const RunNames& runs) const;

 private:
  BlockStore(Kv* kv, bool is_borrowed) : kv_(kv), is_borrowed_(is_borrowed) {}
  void EncodeRest(absl::Span<const Block> blocks, std::vector<std::string>* encoded);
  absl::StatusOr<std::string> ReadBytes(BlockRef ref) const;

  Kv* kv_;
  bool is_borrowed_;
  BlockSequence last_ = 0;
  EventsFirstHour first_hours_;
  std::unique_ptr<ThreadTeam> encoders_ = std::make_unique<ThreadTeam>("encoder");
};

}  // namespace itemized
