// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes the views to disk, so that a process that opens the store need not fold the whole log.

#include <cstddef>
#include <cstdint>
#include <future>

#include "absl/status/status.h"

#include "storage/kv/kv.h"
#include "storage/store/database_options.h"
#include "storage/store/state.h"

namespace itemized {

// The committer's thread only.
class Checkpointer {
 public:
  // Does not own `state`.
  Checkpointer(State* state, const DatabaseOptions& options);

  // Begins to write what has changed, if it is time or enough runs have, and finishes what was
  // begun before. The writing is done by another thread.
  void WorkIfDue();

  // Writes all views, and waits.
  absl::Status WriteAll();

 private:
  void Start(Views::Scope scope);
  // Waits for the last Start, if any, and says what became of it.
  absl::Status Finish();
  bool is_running() const;

  State& state_;
  const int64_t interval_us_;
  const size_t table_rows_min_;
  const SteadyMicros steady_;
  int64_t last_us_;                    // Steady clock.
  KvBatch unwritten_;                  // Rows of a checkpoint that is not on disk yet.
  std::future<absl::Status> writing_;  // Owns unwritten_ until it is ready; empties it.
};

}  // namespace itemized
