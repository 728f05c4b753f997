// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/support/byte_buffer.h"

namespace itemized::bench {

struct IngestFigures {
  double seconds = 0;  // Time from the first message sent to the last acknowledged.
  int64_t accepted = 0;
  int64_t not_accepted = 0;  // Calls that were duplicates or refused.
  double ack_p50_ms = 0;     // Time from sending a batch to its acknowledgement.
  double ack_p99_ms = 0;
};

// Sends `messages[i]`, serialised IngestRequests, over stream i; each stream
// has its own connection and at most `window` unacknowledged messages. With an
// `interval`, message k of a stream is due at k intervals, and its latency counts from
// then on even if it could not be sent. Once `*stop` is set, nothing more is sent.
absl::StatusOr<IngestFigures> RunIngest(
    const std::string& address, const std::vector<std::vector<grpc::ByteBuffer>>& messages,
    int window, std::chrono::nanoseconds interval = std::chrono::nanoseconds(0),
    const std::atomic<bool>* stop = nullptr);

// Returns how many calls a second are acknowledged if each of `callers` threads sends one call
// after the other with the unary method, for `seconds`.
absl::StatusOr<double> RunUnary(const std::string& address, int callers, double seconds);

// Returns the value at quantile `q` of `values`, by nearest rank; 0 if empty.
double QuantileOf(std::vector<double> values, double q);

}  // namespace itemized::bench
