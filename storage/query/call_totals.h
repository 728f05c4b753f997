// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calls of a range, grouped by one of their names: rankings before they are
// ranked.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "storage/base/cancellation.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/block/block_store.h"
#include "storage/block/column_codec.h"
#include "storage/catalog/catalog.h"
#include "storage/sketch/histogram.h"
#include "storage/views/call_sums.h"

namespace itemized {

class Snapshot;
struct QueryContext;
struct State;

// A row of a block of the log.
struct LogRow {
  const Block& block;
  size_t row;
  const RowSums& sums;  // Adds rows of this block to sums.

  const CallRows& calls() const { return block.calls; }
  int64_t weight() const { return block.calls.weight[row]; }
  int64_t time_us() const { return block.calls.time_us[row]; }
  SeriesId series() const { return block.calls.SeriesAt(row); }
  // What its call costs, negative where the row takes one out.
  Picos cost() const { return Picos(block.calls.weight[row]) * Picos(block.calls.cost_picos[row]); }
};

struct CallTotals {
  CallSums sums;
  Histogram cost;      // Pico-dollars, of priced calls.
  Histogram duration;  // Microseconds.

  // Adds a row `weight` times: its own weight, or that turned around.
  void Add(const LogRow& row, int64_t weight);
  void Merge(const CallTotals& other);
  // Takes out calls that were added before.
  void Subtract(const CallTotals& other);
};

// One for each name of the kind that groups, by NameId.
using CallTotalsByName = std::vector<CallTotals>;
CallTotals& TotalsOf(NameId id, CallTotalsByName* groups);

// What a scan for quantiles alone decodes, and one for sums as well.
inline constexpr ColumnMask kHistogramColumns =
    Columns(ColumnId::kSeries, ColumnId::kDuration, ColumnId::kCost, ColumnId::kFlags);
inline constexpr ColumnMask kSummingColumns = kUsageColumns | kHistogramColumns;

// A row of a block, and the totals that it is added to.
using RowOfTotals = std::pair<uint32_t, CallTotals*>;
// Adds rows of one block, each with its own weight; to the histograms alone unless `with_sums`.
// This is faster than adding them one by one, since their cache misses overlap.
void AddRows(const CallRows& calls, absl::Span<const RowOfTotals> rows, bool with_sums);

// Visits the rows of `block` that lie in `range`.
using RowVisitor = absl::FunctionRef<absl::Status(const LogRow& row)>;
absl::Status VisitRows(const Block& block, TimeRange range, RowVisitor visit);

// Visits the rows of `range` by hour, then by arrival, as they stand in the log, negative ones
// too. Here and below `cancellation`, which may be null, is checked for each block.
absl::Status VisitRows(const Snapshot& snapshot, TimeRange range, ColumnMask mask, RowVisitor visit,
                       const Cancellation* cancellation);

// Visits the same rows of what `reader`, which a snapshot of `state` opened, shows. There is none
// any more: the lock is taken for each block while its rows are visited, so that a long scan does
// not hold up ingestion.
absl::Status ScanRows(const State& state, BlockStore::Reader reader, TimeRange range,
                      RowVisitor visit, const Cancellation* cancellation);

// A range as whole buckets [first, end) of the views, hours or UTC days, and what it has of partial
// ones: each of these ranges lies within one bucket.
template <TimeBucket Bucket>
struct RangeParts {
  Bucket first{};
  Bucket end{};
  std::vector<TimeRange> partial;  // There are at most two.
};
RangeParts<Hour> SplitAtHours(TimeRange range);
RangeParts<Day> SplitAtDays(TimeRange range);

// Which names totals are gathered of.
struct NamesWanted {
  NameKind kind = NameKind::kStep;
  std::optional<NameId> only =
      {};  // If it is not set, all names are. Catalog::kUnknown has no calls.
  // Which calls count: one element for each SeriesId, zero for those that do not. If it is empty,
  // all do.
  absl::Span<const char> series = {};

  bool Contains(NameId name) const { return !only.has_value() || *only == name; }
  bool HasCallsOf(SeriesId id) const { return series.empty() || series[id.value()] != 0; }
};

// The calls of `range` by name; names that are not wanted have none. Days come from the views; of a
// partial day, half a day at most is read from the log, and added or taken out. `names` has no
// series; SeriesScan is for those.
absl::StatusOr<CallTotalsByName> GatherCalls(const Snapshot& snapshot, TimeRange range,
                                             NamesWanted names, const Cancellation* cancellation);

// Unsurfaced spend of the calls of `range` by name: whole hours come from the views, partial ones
// from the log.
absl::StatusOr<std::vector<Picos>> GatherUnsurfaced(const QueryContext& context,
                                                    const Snapshot& snapshot, TimeRange range,
                                                    NamesWanted names,
                                                    const Cancellation* cancellation);

}  // namespace itemized
