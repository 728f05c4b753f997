#include "storage/engine/trailing_top.h"

#include <algorithm>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/engine/state.h"

namespace itemized {
namespace {

// Beyond this, merging whole days anew is cheaper than reading what has left.
constexpr int64_t kSlideMaxUs = 24 * kMicrosPerHour;

}  // namespace

RankedGroup Rank(const CallGroup& group) {
  return {.sums = group.sums,
          .p50_cost = group.cost.Quantile(0.5),
          .p95_cost = group.cost.Quantile(0.95),
          .p50_duration_us = group.duration.Quantile(0.5),
          .p95_duration_us = group.duration.Quantile(0.95)};
}

void TrailingTop::AddRow(const Block& block, size_t row, const Catalog& catalog) {
  const NameId name = catalog.Series(block.calls.series[row])[kind_];
  GroupOf(name, &groups_).Add(block.calls, row);
  if (name >= stale_.size()) {
    stale_.resize(name + 1, true);
  }
  stale_[name] = true;
}

void TrailingTop::Fold(const Block& block, const Catalog& catalog) {
  if (!built_) {
    return;
  }
  if (block.ref.hour == hour_) {
    hour_.reset();  // To be read again, with this block.
  }
  for (size_t row = 0; row < block.calls.size(); ++row) {
    if (block.calls.time_us[row] >= start_us_) {
      AddRow(block, row, catalog);
    }
  }
}

absl::Status TrailingTop::Rebuild(const State& state, TimeRange range) {
  built_ = false;
  ASSIGN_OR_RETURN(groups_, GatherCalls(state, range, kind_));
  stale_.assign(groups_.size(), true);
  start_us_ = range.start_us;
  hour_.reset();
  built_ = true;
  return absl::OkStatus();
}

absl::Status TrailingTop::LoadHour(const State& state, Hour hour) {
  if (hour_ == hour) {
    return absl::OkStatus();
  }
  hour_.reset();
  hour_blocks_.clear();
  RETURN_IF_ERROR(state.log.ReadHours(hour, hour + 1, state.views.folded(), kSummingColumns,
                                      [&](const Block& block) {
                                        hour_blocks_.push_back(block);
                                        return absl::OkStatus();
                                      }));
  hour_ = hour;
  return absl::OkStatus();
}

void TrailingTop::DropRows(const Catalog& catalog, int64_t start_us, bool negative) {
  for (Block& block : hour_blocks_) {
    for (size_t row = 0; row < block.calls.size(); ++row) {
      const int64_t time_us = block.calls.time_us[row];
      if (time_us < start_us_ || time_us >= start_us || (block.calls.weight[row] < 0) != negative) {
        continue;
      }
      block.calls.weight[row] = static_cast<int8_t>(-block.calls.weight[row]);
      AddRow(block, row, catalog);
      block.calls.weight[row] = static_cast<int8_t>(-block.calls.weight[row]);
    }
  }
}

// Takes out the calls in [start_us_, start_us).
absl::Status TrailingTop::DropUntil(const State& state, int64_t start_us) {
  while (start_us_ < start_us) {
    const Hour hour = HourOf(start_us_);
    const int64_t until_us = std::min(start_us, HourStartUs(hour + 1));
    RETURN_IF_ERROR(LoadHour(state, hour));
    // What retractions took out goes back first, so that no count is ever negative.
    DropRows(state.catalog, until_us, /*negative=*/true);
    DropRows(state.catalog, until_us, /*negative=*/false);
    start_us_ = until_us;
  }
  return absl::OkStatus();
}

absl::Status TrailingTop::MoveTo(const State& state, int64_t now_us) {
  const int64_t start_us = now_us - length_us_;
  if (!built_ || start_us < start_us_ || start_us - start_us_ > kSlideMaxUs) {
    return Rebuild(state, {start_us, now_us});
  }
  const absl::Status status = DropUntil(state, start_us);
  built_ = status.ok();
  return status;
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

absl::StatusOr<std::vector<RankedGroup>> TrailingTops::Get(const State& state, NameKind kind,
                                                           int64_t length_us, int64_t now_us) {
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
  RETURN_IF_ERROR(windows_.back()->MoveTo(state, now_us));
  return windows_.back()->Ranked();
}

}  // namespace itemized
