// SPDX-License-Identifier: Apache-2.0
#pragma once

// What it takes to price all calls of a store again, and what events notice of it meanwhile.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/support/byte_buffer.h"

namespace itemized::bench {

struct RepricingFigures {
  double calls_per_s = 0;     // Calls priced again, alone,
  double seconds_beside = 0;  // and the time for all of them while events come in,
  double calls_per_s_beside = 0;
  double ingest_share = 0;  // Calls taken in meanwhile, as a share of those offered.
  double ack_p50_ms = 0;    // How long those calls waited for their acknowledgement.
  double ack_p99_ms = 0;
};

// Prices all calls again at twice the price while `messages`, as RunIngest takes them, are offered
// at `calls_per_s`, and takes that back when nothing else is to be done. Returns INTERNAL if costs
// did not double. If the messages do not last, the rest of it goes on alone.
absl::StatusOr<RepricingFigures> RunRepricing(
    const std::string& address, const std::vector<std::vector<grpc::ByteBuffer>>& messages,
    double calls_per_s);

}  // namespace itemized::bench
