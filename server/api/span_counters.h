// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "server/api/scope_counts.h"

namespace itemized::server {

// What an operator can see of the spans that came since the server was started. Thread-safe.
struct SpanCounters {
  std::atomic<int64_t> spans = 0;       // Those that were kept.
  std::atomic<int64_t> duplicates = 0;  // Those that were known.
  std::atomic<int64_t> rejected = 0;
  // These say what the spans came to by now, so that they may fall.
  std::atomic<int64_t> merged = 0;         // Spans that tell of a call that another one counts.
  std::atomic<int64_t> aggregates = 0;     // Calls that are the sum of an agent.
  std::atomic<int64_t> without_usage = 0;  // Calls of whose usage no span tells.
  std::atomic<int64_t> rootless = 0;       // Traces with calls whose root has not come.
  std::atomic<int64_t> retracted = 0;      // Times that a call was taken back by a later span.
  // Spans of calls and of what has usage, from scopes that nothing is known of.
  ScopeCounts unknown_scopes;
  // What other signals sent, which is taken and dropped.
  std::atomic<int64_t> dropped_logs = 0;     // Log records,
  std::atomic<int64_t> dropped_metrics = 0;  // and requests with metrics.
};

}  // namespace itemized::server
