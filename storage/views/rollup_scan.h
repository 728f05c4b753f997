// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one way through the rows of the rollups, for questions and for plans.

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

#include "storage/base/cancellation.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/views/call_rollups.h"

namespace itemized {

// Which rows are gone through: UTC days [first, end) of the names of a kind.
struct RollupScan {
  NameKind kind = NameKind::kStep;
  // If it is not set, all names are scanned. Catalog::kUnknown has no rows.
  std::optional<NameId> only = {};
  Day first{};
  Day end = Day::Max();

  // Makes it the days that `range`, which is not empty, touches.
  RollupScan& Touching(TimeRange range) {
    first = DayOf(range.start_us);
    end = DayOf(range.end_us - 1) + 1;
    return *this;
  }
};

// Calls visit(day, row) for the rows of one name, by rising day.
template <typename Visit>
void ForEachDayOf(const CallRollups& rollups, const RollupScan& scan, NameId name, Visit&& visit) {
  const BucketTable<Day, NameDay>& days = rollups.DaysOf(scan.kind, name);
  for (auto day = days.LowerBound(scan.first); day != days.end() && day->bucket < scan.end; ++day) {
    visit(day->bucket, day->value);
  }
}

// Calls visit(name, day, row) for each row, a `const NameDay&`, by rising name and then day. Days
// on which a name has no calls are passed over, but for those whose calls were all taken out again.
// It allocates nothing; the caller holds the lock of the views. `cancellation`, which may be null,
// is checked before each name, and its error ends the scan.
template <typename Visit>
absl::Status ForEachDay(const CallRollups& rollups, const RollupScan& scan,
                        const Cancellation* cancellation, Visit visit) {
  const uint32_t first = scan.only.value_or(NameId()).value();
  const size_t count = scan.only.has_value() ? 1 : rollups.name_count(scan.kind);
  for (size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    const NameId name(first + static_cast<uint32_t>(i));
    ForEachDayOf(rollups, scan, name, [&](Day day, const NameDay& row) { visit(name, day, row); });
  }
  return absl::OkStatus();
}

// Goes through all of them, whatever happens.
template <typename Visit>
void ForEachDay(const CallRollups& rollups, const RollupScan& scan, Visit visit) {
  ForEachDay(rollups, scan, nullptr, visit).IgnoreError();  // Nothing cancels it.
}

}  // namespace itemized
