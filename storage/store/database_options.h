// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a database is opened. Beside the store, since every folder above it reads some of it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "storage/base/time.h"
#include "storage/kv/rocks_kv.h"
#include "storage/log/commit_log.h"
#include "storage/store/trusted_clock.h"

namespace itemized {

struct DatabaseOptions {
  std::string directory;  // Created if missing.
  // Opens the store in a directory.
  std::function<absl::StatusOr<std::unique_ptr<Kv>>(const std::string&)> open_kv =
      [](const std::string& path) { return OpenRocksKv(path); };
  // Puts something before the log of the store: what tests do to make it fail.
  std::function<std::unique_ptr<CommitLog>(std::unique_ptr<CommitLog>)> wrap_log =
      [](std::unique_ptr<CommitLog> log) { return log; };
  const Clock* clock = Clock::System();  // Not owned.
  // What tells a jump of the clock from time that goes by.
  SteadyMicros steady = SystemSteadyMicros;
  // The clock is right, though it is far ahead of what the store was left at.
  bool accept_clock = false;
  // Handed sentences for whoever runs the database. From another thread; must not block.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  // Events that may wait for their commit; Submit refuses beyond it.
  size_t pending_events_max = 200'000;
  // Views are written to disk this often, and when the database closes.
  int64_t checkpoint_interval_us = 5 * kMicrosPerSecond;
  // Rows of a checkpoint from which tables of their own are cheaper than the
  // write-ahead log and a memtable.
  size_t table_rows_min = 4'096;
  // How long single calls and completions are kept, microseconds; 0: for ever. Older
  // ones are refused, and dropped by whole UTC days. Rollups stay.
  int64_t retain_events_us = 0;
  // The same for rollups, which answers are made of; at least as long. 31 days at
  // least: outliers are measured against 30. What is older is as if it had never been.
  int64_t retain_rollups_us = 0;
  // Of the disk, what is left to the views and to RocksDB: while less is free, events
  // and corrections are refused with UNAVAILABLE. Answers go on, and so does
  // ingestion as soon as there is room. 0: nothing is kept free.
  int64_t free_bytes_min = int64_t{256} << 20;
  // Runs kept in memory; others are read from disk when needed.
  size_t resident_runs_max = 200'000;
};

}  // namespace itemized
