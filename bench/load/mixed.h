// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/support/byte_buffer.h"

#include "bench/load/asker.h"

namespace itemized::bench {

// So many calls are offered, for so long at most.
inline constexpr int64_t kMixedCallsPerSecond = 300'000;
inline constexpr int64_t kMixedSeconds = 10;

struct MixedFigures {
  double p50_ms = 0;  // How long a page waits for a ranking.
  double p99_ms = 0;
  double answers = 0;       // Rankings that were answered.
  double ingest_share = 0;  // Calls taken in, as a share of those offered.
  double ingest_calls_per_s = 0;
};

// Asks as 32 people do who have the page open, each with a filter of its own, while `messages`, as
// RunIngest takes them, are offered. A page asks again two seconds after it asked, as the dashboard
// does while calls come in, or once it has its answer.
absl::StatusOr<MixedFigures> RunMixed(const std::string& address,
                                      const std::vector<std::vector<grpc::ByteBuffer>>& messages,
                                      const QueryPlan& plan);

}  // namespace itemized::bench
