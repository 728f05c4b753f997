// SPDX-License-Identifier: Apache-2.0
#include "storage/query/trailing_top.h"

#include <algorithm>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/query/query_context.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// If a window moves further, merging whole days anew is cheaper than reading what has left it.
constexpr int64_t kSlideMaxUs = 24 * kMicrosPerHour;

}  // namespace

RankedGroup Rank(const CallTotals& group) {
  return {.sums = group.sums,
          .rated_calls = group.cost.count(),
          .p50_cost = group.cost.Quantile(0.5),
          .p95_cost = group.cost.Quantile(0.95),
          .p50_duration_us = group.duration.Quantile(0.5),
          .p95_duration_us = group.duration.Quantile(0.95)};
}

void TrailingTop::AddRow(const LogRow& row, int64_t weight, const Catalog& catalog) {
  const NameId name = catalog.Series(row.series())[kind_];
  TotalsOf(name, &groups_).Add(row, weight);
  if (name.value() >= stale_.size()) {
    stale_.resize(name.value() + 1, true);
  }
  stale_[name.value()] = true;
}

void TrailingTop::Fold(const Block& block, const Catalog& catalog) {
  if (!built_) {
    return;
  }
  const auto add = [&](const LogRow& row) {
    AddRow(row, row.weight(), catalog);
    return absl::OkStatus();
  };
  VisitRows(block, {start_us_, kTimeMaxUs}, add).IgnoreError();  // `add` has none.
}

absl::Status TrailingTop::Rebuild(const Snapshot& snapshot, TimeRange range,
                                  const Cancellation* cancellation) {
  built_ = false;
  ASSIGN_OR_RETURN(groups_, GatherCalls(snapshot, range, {.kind = kind_}, cancellation));
  stale_.assign(groups_.size(), true);
  start_us_ = range.start_us;
  built_ = true;
  return absl::OkStatus();
}

void TrailingTop::DropRows(const std::vector<Block>& blocks, TimeRange range, bool negative,
                           const Catalog& catalog) {
  const auto drop = [&](const LogRow& row) {
    if ((row.weight() < 0) == negative) {
      AddRow(row, -row.weight(), catalog);
    }
    return absl::OkStatus();
  };
  for (const Block& block : blocks) {
    VisitRows(block, range, drop).IgnoreError();  // `drop` has none.
  }
}

// Takes out the calls in [start_us_, start_us). After an error the window begins at
// start_us_, and is as good as before.
absl::Status TrailingTop::DropUntil(const QueryContext& context, const Snapshot& snapshot,
                                    int64_t start_us, const Cancellation* cancellation) {
  const Catalog& catalog = snapshot.state.catalog;
  while (start_us_ < start_us) {
    const Hour hour = HourOf(start_us_);
    const TimeRange range{start_us_, std::min(start_us, HourStartUs(hour + 1))};
    ASSIGN_OR_RETURN(const auto blocks, context.partial_hours.Blocks(snapshot, hour, cancellation));
    // What retractions took out goes back first, so that no count is ever negative.
    DropRows(*blocks, range, /*negative=*/true, catalog);
    DropRows(*blocks, range, /*negative=*/false, catalog);
    start_us_ = range.end_us;
  }
  return absl::OkStatus();
}

absl::Status TrailingTop::MoveTo(const QueryContext& context, const Snapshot& snapshot,
                                 int64_t now_us, const Cancellation* cancellation) {
  const int64_t start_us = now_us - length_us_;
  if (!built_ || start_us < start_us_ || start_us - start_us_ > kSlideMaxUs ||
      HourOf(start_us_) < snapshot.state.blocks.first_hour()) {
    return Rebuild(snapshot, {start_us, now_us}, cancellation);
  }
  return DropUntil(context, snapshot, start_us, cancellation);
}

const std::vector<RankedGroup>& TrailingTop::Ranked() {
  ranked_.resize(groups_.size());
  for (size_t name = 0; name < groups_.size(); ++name) {
    if (stale_[name]) {
      ranked_[name] = Rank(groups_[name]);
      stale_[name] = false;
    }
  }
  return ranked_;
}

void TrailingTops::Fold(const Block& block, const Catalog& catalog) {
  const MutexLock lock(mutex_);
  for (const auto& window : windows_) {
    window->Fold(block, catalog);
  }
}

absl::StatusOr<std::vector<RankedGroup>> TrailingTops::Get(const QueryContext& context,
                                                           const Snapshot& snapshot, NameKind kind,
                                                           int64_t length_us, int64_t now_us,
                                                           const Cancellation* cancellation) {
  const MutexLock lock(mutex_);
  const auto found = std::find_if(windows_.begin(), windows_.end(), [&](const auto& window) {
    return window->Serves(kind, length_us);
  });
  if (found != windows_.end()) {
    std::rotate(found, found + 1, windows_.end());
  } else {
    if (windows_.size() >= kWindowsMax) {
      windows_.erase(windows_.begin());
    }
    windows_.push_back(std::make_unique<TrailingTop>(kind, length_us));
  }
  RETURN_IF_ERROR(windows_.back()->MoveTo(context, snapshot, now_us, cancellation));
  return windows_.back()->Ranked();
}

}  // namespace itemized
