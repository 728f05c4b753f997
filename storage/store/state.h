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
#include "storage/store/entry_rows.h"
#include "storage/store/producers.h"
#include "storage/store/trusted_clock.h"
#include "storage/store/trusted_costs.h"
#include "storage/store/views.h"

namespace itemized {

// The version of the data directory. It is raised when an older server could not read it any more
// (storage/FORMAT.md, "Versions").
inline constexpr int kSchemaVersion = 11;

// storage/store: an open store, and what changes it. May use base, model, pricing, usage_shapes,
// kv, catalog, block, log, views and runs.

// What an open database consists of. One thread, the committer, changes it, by entries of the log
// and by nothing else: it takes `mutex` for writing around every change of the catalog, the views
// and the first hours, and reads them without. All other threads take it for reading.
struct State {
  // Opens the store in `kv` and brings it up to its log. Errors are those of Database::Open.
  static absl::StatusOr<std::unique_ptr<State>> Open(std::unique_ptr<Kv> kv,
                                                     const DatabaseOptions& options);

  // Makes an empty store in `kv`, to which Apply applies entries whose blocks are those of
  // `block_store`. It has no log, so Commit must not be called.
  State(std::unique_ptr<Kv> store, BlockStore block_store, const DatabaseOptions& options);

  const Clock* const clock;
  TrustedClock trusted;  // The clock by which what cannot be undone is done.
  const std::unique_ptr<Kv> kv;
  BlockStore blocks;
  std::unique_ptr<CommitLog> log;
  mutable SharedMutex mutex;
  Catalog catalog;
  Views views;
  RateLookups rates;  // It has a lock of its own.
  const TrustedCosts trusted_costs;
  std::optional<RepricingProgress> repricing;  // Empty while no calls are priced again.
  RepricingMark repricing_mark;  // That of the log: which calls are still to be priced again.
  StoredJobs jobs;
  Producers producers{kv.get(), &trusted};  // Only the committer's thread uses it.
  const int64_t free_bytes_min;             // DatabaseOptions::free_bytes_min, for Commit.
  // Called with the blocks of an entry once they have been folded, under the lock.
  std::function<void(absl::Span<const Block>)> on_fold;

  // Reads the rows in `kv`, but for those of the log. DATA_LOSS if one is malformed.
  absl::Status LoadRows();

  // Adds what the catalog and the producers have to say to `entry`, gives it its index and its
  // blocks their numbers, makes it durable as the next entry of the log, and applies it. All of its
  // runs are in `staged`; `encoded` is that of BlockStore::AddRows. On an error nothing has
  // changed: UNAVAILABLE if the disk is nearly full, if the log did not take the entry, or if
  // nobody can tell whether it did. In the last case the entry may still turn up when CatchUp reads
  // the log.
  absl::Status Commit(Entry* entry, const StagedRuns& staged,
                      std::vector<std::string> encoded = {});

  // Changes the store, catalog, rate book, producers and views by the entry after the last one that
  // was applied. Opening and CatchUp call it with entries of the log that Commit did not apply, and
  // so does whoever makes a second store of the same entries. Errors are those of Kv, and DATA_LOSS
  // if the entry does not fit to those before it.
  absl::Status Apply(const Entry& entry);

  // Returns whether an append was neither made nor refused. Commit answers UNAVAILABLE until
  // CatchUp has read in the log what became of it.
  bool is_behind() const { return is_behind_; }
  absl::Status CatchUp();

  // While somebody holds a copy of this pointer, retention drops nothing, so the whole log that
  // there was when it was copied can be read.
  std::shared_ptr<const void> pin = std::make_shared<char>();
  bool is_pinned() const { return pin.use_count() > 1; }

 private:
  absl::Status Load();
  absl::Status ReadLog();
  absl::Status AddRows(const Entry& entry, std::vector<std::string> encoded, KvBatch* batch);
  absl::StatusOr<std::shared_ptr<const RateBook>> BookAfter(const Entry& entry) const;
  absl::Status ApplyStaged(const Entry& entry, const StagedRuns& staged);

  EntryIndex stored_ = 0;  // Entries up to it have their rows in `kv`.
  bool is_behind_ = false;
  absl::Status folded_;  // Why the last entry could only be folded in part, if so.
};

}  // namespace itemized
