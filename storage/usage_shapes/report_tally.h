// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/usage_shapes/reported_usage.h"

namespace itemized {

// What there is to tell of many reports. Its memory is bounded. Not thread-safe.
struct UsageReportTally {
  // Troubles of more kinds are counted and not named.
  static constexpr size_t kKindsMax = 32;

  int64_t unknown = 0;      // Reports with something of no known form.
  int64_t misreported = 0;  // Reports whose numbers are no counts, or contradict each other.
  int64_t not_kept = 0;     // Reports that are too long to keep beside their usage.
  std::vector<UsageTrouble> troubles;  // The first of each kind.

  void Add(const ReportedUsage& report);
};

}  // namespace itemized
