// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/maintenance: what goes on beside ingestion: checkpoints, repricing, retraction,
// retention, verifying, backups. May use base, model, pricing, kv, block, log, views, runs and
// store.

// Writes the views to disk, so that a process that opens the store need not fold the whole log. (A
// checkpoint here is of the views; RocksDB's own word means a copy of a store, see Kv::CopyTo.)

#include <cstddef>
#include <cstdint>
#include <future>

#include "absl/status/status.h"

#include "storage/kv/kv.h"
#include "storage/store/database_options.h"
#include "storage/store/state.h"

namespace itemized {

// Only the committer's thread uses it.
class Checkpointer {
 public:
  // Does not own `state`.
  Checkpointer(State* state, const DatabaseOptions& options);

  // Begins to write what has changed if it is time, or if enough runs have changed, and finishes
  // the checkpoint that was begun before. Another thread writes.
  void WorkIfDue();

  // Writes all views, and waits.
  absl::Status WriteAll();

 private:
  void Start(Views::Scope scope);
  // Waits for what the last Start began, if anything, and says what became of it.
  absl::Status Finish();
  bool is_running() const;

  State& state_;
  const int64_t interval_us_;
  const size_t table_rows_min_;
  const SteadyMicros steady_;
  int64_t last_us_;                    // When the last one was begun, by the steady clock.
  KvBatch unwritten_;                  // Rows of a checkpoint that is not on disk yet.
  std::future<absl::Status> writing_;  // Until it is ready, its thread owns `unwritten_`.
};

}  // namespace itemized
