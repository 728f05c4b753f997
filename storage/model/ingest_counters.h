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
  int64_t calls = 0;        // Accepted calls.
  int64_t completions = 0;  // Accepted completions.
  int64_t late_calls = 0;   // Accepted calls that were late.
  int64_t duplicates = 0;   // Events that were stored already.
  int64_t refused = 0;      // Refused events, conflicts among them.
  int64_t conflicts = 0;    // Events whose id is stored with other content.
  int64_t commits = 0;      // Groups of batches that were written.

  // Counts the events of a batch that were not accepted.
  void AddRest(const BatchResult& result);
  void Add(const IngestCounters& other);
};

}  // namespace itemized
