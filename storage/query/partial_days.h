// SPDX-License-Identifier: Apache-2.0
#pragma once

// The UTC days of which a range has a part: rows of the log that are added to the sums of whole
// days, or taken out of them.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "storage/base/cancellation.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/query/call_totals.h"
#include "storage/views/rollup_scan.h"

namespace itemized {

// Each range lies within one UTC day.
struct PartialDays {
  std::vector<TimeRange> more;  // Rows in these are added.
  std::vector<TimeRange> less;  // Rows in these are taken out.
};
// Returns how long all ranges together are.
int64_t LengthUs(const PartialDays& partial);

// A range as whole UTC days [first, end) and partial ones, of which whichever side is shorter is
// read.
struct DayParts {
  Day first{};
  Day end{};
  PartialDays partial;
};
DayParts SplitByDays(TimeRange range);

// Divides partial days into as much for each of `count` readers, cut where an hour begins, for
// blocks do not reach across.
std::vector<PartialDays> Divide(const PartialDays& partial, size_t count);

// Reads partial days into groups of its own. Not thread-safe; does not outlive the snapshot.
class PartialDayReader {
 public:
  // `cancellation` may be null.
  PartialDayReader(const Snapshot& snapshot, NamesWanted names, const Cancellation* cancellation);

  absl::Status Read(const PartialDays& partial);

  // What was read for each NameId; empty if there was no such range.
  const CallTotalsByName& more() const { return more_; }
  const CallTotalsByName& less() const { return less_; }

 private:
  absl::Status Add(const std::vector<TimeRange>& ranges, CallTotalsByName* groups);
  absl::Status Add(TimeRange range);
  void ReserveDay(Day day);
  void AddHourSums(Hour first, Hour end);
  RollupScan ScanOf(Day day) const;
  absl::Status AddRows(TimeRange range, ColumnMask mask);
  void AddBlock(const Block& block, TimeRange range, bool with_sums);

  const Snapshot& snapshot_;
  const State& state_;
  const NamesWanted names_;
  const Cancellation* const cancellation_;
  CallTotalsByName more_;
  CallTotalsByName less_;
  CallTotalsByName* groups_ = nullptr;  // The one of the two that is being read into.
  std::vector<RowOfTotals> rows_;       // The rows of the present block that lie in the range.
};

}  // namespace itemized
