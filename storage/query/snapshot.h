// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"

#include "storage/base/time.h"
#include "storage/block/block_store.h"
#include "storage/block/column_codec.h"
#include "storage/query/query_types.h"
#include "storage/store/state.h"

namespace itemized {

// The state as one commit left it. It holds the lock of the state for reading as long as it lives,
// so that the window of a question, its answer and the thresholds in it are of the same commit.
// Whoever is given one takes no lock: a thread has one at a time, or a commit that waits in between
// stops both. Commits wait for it, so that it does not outlive what is read from memory.
class ABSL_SCOPED_LOCKABLE Snapshot {
 public:
  explicit Snapshot(const State& locked) ABSL_SHARED_LOCK_FUNCTION(locked.mutex) : state(locked) {
    state.mutex.lock_shared();
  }
  ~Snapshot() ABSL_UNLOCK_FUNCTION() { state.mutex.unlock_shared(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const State& state;

  // The last block that is part of it.
  BlockSequence last_block() const { return state.views.folded().block; }

  // The range that `window` means now. INVALID_ARGUMENT if it is empty or reversed, or reaches
  // beyond the instants that can be stored. One that ends now and begins where single calls are
  // no longer kept begins with the UTC day, or with what is kept at all.
  absl::StatusOr<TimeRange> Resolve(const Window& window) const;

  // Opens the blocks of the hours that `range`, which is not empty, touches. The reader may
  // outlive the snapshot and shows what belongs to it. Errors as BlockStore::OpenHours.
  absl::StatusOr<BlockStore::Reader> Open(TimeRange range, ColumnMask mask) const;
};

}  // namespace itemized
