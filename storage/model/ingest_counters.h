// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "storage/base/time.h"
#include "storage/model/event_batch.h"

namespace itemized {

// A call that arrives this long after it ended is late: what its hour costs may have
// been read already.
inline constexpr int64_t kLateAfterUs = kMicrosPerHour;

// What has come in since the database was opened.
struct IngestCounters {
  int64_t calls = 0;        // Accepted.
  int64_t completions = 0;  // Accepted.
  int64_t late_calls = 0;   // Accepted, and late.
  int64_t duplicates = 0;   // Events.
  int64_t refused = 0;      // Events, conflicts too.
  int64_t conflicts = 0;    // Events.
  int64_t commits = 0;      // Groups of batches.

  // Counts what was not accepted.
  void AddRest(const BatchResult& result);
  void Add(const IngestCounters& other);
};

}  // namespace itemized
