// SPDX-License-Identifier: Apache-2.0
#include "storage/query/snapshot.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace itemized {

absl::StatusOr<TimeRange> Snapshot::Resolve(const Window& window) const {
  const int64_t now_us = state.clock->NowUs();
  TimeRange range = window.range;
  if (window.last_us.has_value()) {
    if (*window.last_us <= 0) {
      return absl::InvalidArgumentError("The window has no length; ask for 1h or more.");
    }
    range = {std::max(kTimeMinUs, now_us - *window.last_us), now_us};
    if (HourOf(range.start_us) < state.blocks.first_hour()) {
      range.start_us =
          std::max(DayStartUs(DayOf(range.start_us)), HourStartUs(state.views.first_hour()));
    }
  }
  if (range.start_us < kTimeMinUs || range.end_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(
        "The window reaches outside 1970 to 2200; ask for one within.");
  }
  if (const Hour first = state.views.first_hour(); HourOf(range.start_us) < first) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Nothing before ", FormatTime(HourStartUs(first)), " is kept; begin the window there."));
  }
  if (range.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The window is empty: its end (", FormatTime(range.end_us),
                     ") must be after its start (", FormatTime(range.start_us), ")."));
  }
  return range;
}

absl::StatusOr<BlockStore::Reader> Snapshot::Open(TimeRange range, ColumnMask mask) const {
  return state.blocks.OpenHours(HourOf(range.start_us), HourOf(range.end_us - 1) + 1, last_block(),
                                mask);
}

}  // namespace itemized
