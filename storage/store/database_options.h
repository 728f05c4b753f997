// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a database is opened. It is here because every folder above storage/store reads some of it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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
  // Wraps the log of the store in another one; tests make appends fail with it.
  std::function<std::unique_ptr<CommitLog>(std::unique_ptr<CommitLog>)> wrap_log =
      [](std::unique_ptr<CommitLog> log) { return log; };
  const Clock* clock = Clock::System();  // Not owned.
  // Tells a jump of `clock` from time that goes by.
  SteadyMicros steady = SystemSteadyMicros;
  // If true, `clock` is believed though it is far ahead of the instant the store was left at.
  bool accept_clock = false;
  // Providers of which a reported cost is the cost of a call (TrustedCosts). It holds for calls
  // that arrive, and for stored ones when they are priced again for another reason.
  std::vector<std::string> trusted_cost_providers = {};
  // Called with sentences for whoever runs the database, from another thread; must not block.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  // How many events may wait for their commit; Submit refuses those beyond it.
  size_t pending_events_max = 200'000;
  // Views are written to disk this often, and when the database closes.
  int64_t checkpoint_interval_us = 5 * kMicrosPerSecond;
  // A checkpoint of at least so many rows is written as tables (Kv::WriteTables), which is then
  // cheaper than the write-ahead log and a memtable.
  size_t table_rows_min = 4'096;
  // How long single calls and completions are kept, microseconds; 0 means for ever. Older ones are
  // refused, and dropped by whole UTC days. Rollups stay.
  int64_t retain_events_us = 0;
  // How long rollups and outcomes are kept, microseconds; 0 means for ever. At least as long as
  // events, and at least 31 days, since outliers are measured against 30. Answers are made of them,
  // so what is older is as if it had never been.
  int64_t retain_rollups_us = 0;
  // While fewer bytes of the disk than this are free, events and corrections are refused with
  // UNAVAILABLE, so that views and RocksDB find room. Answers go on, and so does ingestion as soon
  // as there is room. 0 means that nothing is kept free.
  int64_t free_bytes_min = int64_t{256} << 20;
  // How many runs are kept in memory; others are read from disk when needed.
  size_t resident_runs_max = 200'000;
};

}  // namespace itemized
