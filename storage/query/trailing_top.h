// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rankings over windows that end now, such as the default 30 days, kept ready:
// new calls are added as they are folded, and those that have left the window
// are taken out when the next question comes. Exact, because groups subtract
// exactly.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/query/call_totals.h"

namespace itemized {

class Snapshot;
struct QueryContext;

// A group with the quantiles that a ranking shows.
struct RankedGroup {
  CallSums sums;
  int64_t rated_calls = 0;  // See TopRow.
  int64_t p50_cost = 0;
  int64_t p95_cost = 0;
  int64_t p50_duration_us = 0;
  int64_t p95_duration_us = 0;
};

RankedGroup Rank(const CallTotals& group);

// One window; the lock of TrailingTops guards it.
class TrailingTop {
 public:
  TrailingTop(NameKind kind, int64_t length_us) : kind_(kind), length_us_(length_us) {}

  bool Serves(NameKind kind, int64_t length_us) const {
    return kind == kind_ && length_us == length_us_;
  }
  void Fold(const Block& block, const Catalog& catalog);

  // Moves the window to end at `now_us`; no folded call may be later.
  absl::Status MoveTo(const QueryContext& context, const Snapshot& snapshot, int64_t now_us,
                      const Cancellation* cancellation);

  // The groups by NameId.
  const std::vector<RankedGroup>& Ranked();

 private:
  void AddRow(const LogRow& row, int64_t weight, const Catalog& catalog);
  absl::Status Rebuild(const Snapshot& snapshot, TimeRange range, const Cancellation* cancellation);
  absl::Status DropUntil(const QueryContext& context, const Snapshot& snapshot, int64_t start_us,
                         const Cancellation* cancellation);
  void DropRows(const std::vector<Block>& blocks, TimeRange range, bool negative,
                const Catalog& catalog);

  const NameKind kind_;
  const int64_t length_us_;
  bool built_ = false;
  int64_t start_us_ = 0;
  CallTotalsByName groups_;
  std::vector<RankedGroup> ranked_;
  std::vector<bool> stale_;  // Which elements of `ranked_` are out of date.
};

// Thread-safe. Fold needs the lock of the state, which Get has by its snapshot.
class TrailingTops {
 public:
  void Fold(const Block& block, const Catalog& catalog);

  // The groups of all calls from now_us - length_us on. Only if no folded call
  // is at or after `now_us`. `cancellation` may be null.
  absl::StatusOr<std::vector<RankedGroup>> Get(const QueryContext& context,
                                               const Snapshot& snapshot, NameKind kind,
                                               int64_t length_us, int64_t now_us,
                                               const Cancellation* cancellation);

 private:
  static constexpr size_t kWindowsMax = 4;

  Mutex mutex_;
  std::vector<std::unique_ptr<TrailingTop>> windows_ ABSL_GUARDED_BY(mutex_);  // Latest used last.
};

}  // namespace itemized
