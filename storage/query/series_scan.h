// SPDX-License-Identifier: Apache-2.0
#pragma once

// Totals of the calls of some series, whose quantiles no view has.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/base/time.h"
#include "storage/query/call_totals.h"
#include "storage/query/log_scan.h"
#include "storage/query/snapshot.h"
#include "storage/store/state.h"

namespace itemized {

// The rollups have the sums of whole UTC days, so that the log is read for the histograms alone,
// which takes four columns; of partial days it is read for all. Not thread-safe.
class SeriesScan {
 public:
  // Gathers what the rollups have, and opens the log. The state of `snapshot` outlives the scan; so
  // need not the snapshot. Errors as BlockStore::OpenHours.
  static absl::StatusOr<SeriesScan> Open(const Snapshot& snapshot, TimeRange range,
                                         const NamesWanted& names);

  // Reads the log with several threads, without any lock. It is spent then. Returns the calls by
  // name, as GatherCalls does. `cancellation` may be null.
  absl::StatusOr<CallTotalsByName> Read(const Cancellation* cancellation) &&;

 private:
  class Worker;
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit SeriesScan(const State& state) : log_(state) {}
  void AddDays(const Snapshot& snapshot, const NamesWanted& names);

  RangeParts<Day> days_;
  std::vector<uint32_t> name_of_series_;  // The NameId of each SeriesId; kNone if it is not wanted.
  LogScan log_;
  CallTotalsByName totals_;  // The sums of whole days, until the log is read.
};

}  // namespace itemized
