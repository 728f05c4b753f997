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
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/log/log.h"
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
inline constexpr int kSchemaVersion = 8;

// Family::kMeta: the instant from which calls are still to be priced again.
inline constexpr char kRepricingKey[] = "repricing";

// What an open database consists of. One thread, the committer, changes it:
// it takes `mutex` for writing around every change of the catalog, the views
// and the rates, and reads them without. All other threads take it for reading.
struct State {
  // Reads the store and brings the views up to the log. Errors as Database::Open.
  static absl::StatusOr<std::unique_ptr<State>> Open(std::unique_ptr<Kv> kv,
                                                     const DatabaseOptions& options);

  State(std::unique_ptr<Kv> store, Log opened_log, const DatabaseOptions& options);

  const Clock* const clock;
  TrustedClock trusted;  // By which what cannot be undone is done.
  const std::unique_ptr<Kv> kv;
  Log log;
  mutable SharedMutex mutex;
  Catalog catalog;
  Views views;
  RateLookups rates;                           // Has a lock of its own.
  std::optional<RepricingProgress> repricing;  // None if none is under way.
  // What an earlier process left to be priced again: calls from this instant on.
  std::optional<int64_t> unfinished_repricing_us;
  Producers producers{kv.get(), &trusted};  // The committer's alone.
  const int64_t free_bytes_min;             // That of DatabaseOptions; for Commit.
  // Called with the blocks of a commit once they have been folded, under the lock.
  std::function<void(absl::Span<const Block>)> on_fold;

  // Makes blocks, all of which are in `staged`, durable together with `batch`, then visible.
  // On an error, which is UNAVAILABLE if the disk is nearly full, nothing has changed. Only the
  // committer calls it.
  absl::Status Commit(std::vector<Block>* blocks, const StagedRuns& staged, KvBatch batch);
};

}  // namespace itemized
