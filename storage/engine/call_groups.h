#pragma once

// Calls of a range, grouped by one of their names: rankings before they are
// ranked.

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/log/block.h"
#include "storage/log/column_codec.h"
#include "storage/sketch/histogram.h"
#include "storage/views/call_sums.h"

namespace itemized {

struct State;

struct CallGroup {
  CallSums sums;
  Histogram cost;      // Pico-dollars, of priced calls.
  Histogram duration;  // Microseconds.

  // Adds a row, or takes it out if its weight is negative.
  void Add(const CallRows& calls, size_t row);
};

// By NameId of the kind that groups.
using CallGroups = std::vector<CallGroup>;
CallGroup& GroupOf(NameId id, CallGroups* groups);

// What a scan for sums and quantiles decodes.
inline constexpr ColumnMask kSummingColumns =
    kUsageColumns |
    Columns(ColumnId::kSeries, ColumnId::kDuration, ColumnId::kCost, ColumnId::kFlags);

// Visits the folded rows of `range` by hour, then by arrival, as they stand in
// the log, negative ones too. The caller holds the lock of `state`.
using RowVisitor = absl::FunctionRef<absl::Status(const Block& block, size_t row)>;
absl::Status VisitRows(const State& state, TimeRange range, ColumnMask mask, RowVisitor visit);

// A range in parts that are whole UTC days [first_day, end_day) and the rims.
struct DayParts {
  Day first_day = 0;
  Day end_day = 0;
  std::vector<TimeRange> rims;  // At most two.
};
DayParts SplitByDay(TimeRange range);

// The calls of `range` by `kind`. Days come from the views, rims from the log.
// The caller holds the lock of `state`.
absl::StatusOr<CallGroups> GatherCalls(const State& state, TimeRange range, NameKind kind);

// Unsurfaced spend of the calls of `range` by `kind`: whole hours come from
// the views, broken ones from the log. The caller holds the lock of `state`.
absl::StatusOr<std::vector<Picos>> GatherUnsurfaced(const State& state, TimeRange range,
                                                    NameKind kind);

// Remembers for the rows of a block whether their run left its steps unused.
class UnusedSteps {
 public:
  explicit UnusedSteps(const State& state) : state_(state) {}
  // `block` has to be the same object for all its rows in turn.
  absl::StatusOr<bool> Contains(const Block& block, size_t row);

 private:
  const State& state_;
  BlockSequence sequence_ = 0;
  std::vector<char> known_;
  std::vector<std::vector<NameId>> unused_;  // By run of the block.
};

}  // namespace itemized
