// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/block/block_store.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/log/commit_log.h"
#include "storage/log/entry.h"
#include "storage/pricing/rate_book.h"
#include "storage/pricing/rate_change.h"
#include "storage/pricing/rate_lookups.h"
#include "storage/store/database_options.h"
#include "storage/store/producers.h"
#include "storage/store/trusted_clock.h"
#include "storage/store/views.h"

namespace itemized {

// The version of the data directory; raised when an older server could not
// read it any more (storage/FORMAT.md, "Versions").
inline constexpr int kSchemaVersion = 9;

// What an open database consists of. One thread, the committer, changes it, by entries of the log
// and by nothing else: it takes `mutex` for writing around every change of the catalog, the views
// and the first hours, and reads them without. All other threads take it for reading.
struct State {
  // Opens the store in `kv` and brings it up to its log. Errors as Database::Open.
  static absl::StatusOr<std::unique_ptr<State>> Open(std::unique_ptr<Kv> kv,
                                                     const DatabaseOptions& options);

  // An empty store in `kv` that is made from entries by Apply, whose blocks are those of
  // `block_store`. It has no log, so that it commits nothing.
  State(std::unique_ptr<Kv> store, BlockStore block_store, const DatabaseOptions& options);

  const Clock* const clock;
  TrustedClock trusted;  // By which what cannot be undone is done.
  const std::unique_ptr<Kv> kv;
  BlockStore blocks;
  std::unique_ptr<CommitLog> log;
  mutable SharedMutex mutex;
  Catalog catalog;
  Views views;
  RateLookups rates;                           // Has a lock of its own.
  std::optional<RepricingProgress> repricing;  // None if none is under way.
  // The mark in the log: calls from this instant on are still to be priced again.
  std::optional<int64_t> repricing_from_us;
  Producers producers{kv.get(), &trusted};  // The committer's alone.
  const int64_t free_bytes_min;             // That of DatabaseOptions; for Commit.
  // Called with the blocks of an entry once they have been folded, under the lock.
  std::function<void(absl::Span<const Block>)> on_fold;

  // Reads what the rows in `kv` say, but for the rows of the log. DATA_LOSS if malformed.
  absl::Status LoadRows();

  // Makes `entry` durable as the next one of the log, with what the catalog and the producers
  // have to say, and then applies it; gives it its index and its blocks their numbers. All of its
  // runs are in `staged`. On an error nothing has changed: UNAVAILABLE if the disk is nearly
  // full, if the log did not take it, or if nobody can tell whether it did. In that last case
  // the entry may still turn up when CatchUp reads the log.
  absl::Status Commit(Entry* entry, const StagedRuns& staged);

  // Changes the store, catalog, book, producers and views by the entry after the last one: what
  // is in the log and was not committed by Commit, at opening, by CatchUp, or by whoever makes a
  // second store of the same entries. Errors are those of Kv, and DATA_LOSS if the entry does not
  // fit to those before it.
  absl::Status Apply(const Entry& entry);

  // After an append that was neither made nor refused: until CatchUp has read in the log what
  // became of it, Commit answers UNAVAILABLE.
  bool is_behind() const { return is_behind_; }
  absl::Status CatchUp();

  // While somebody holds a copy, nothing that is too old is dropped, so that all of the log that
  // there was can be read.
  std::shared_ptr<const void> pin = std::make_shared<char>();
  bool is_pinned() const { return pin.use_count() > 1; }

 private:
  absl::Status Load();
  absl::Status ReadLog();
  absl::Status AddRows(const Entry& entry, KvBatch* batch);
  absl::StatusOr<std::shared_ptr<const RateBook>> BookAfter(const Entry& entry) const;
  absl::Status ApplyStaged(const Entry& entry, const StagedRuns& staged);

  EntryIndex stored_ = 0;  // Entries up to it have their rows in `kv`.
  bool is_behind_ = false;
};

}  // namespace itemized
