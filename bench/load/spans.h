// SPDX-License-Identifier: Apache-2.0
#pragma once

// Spans of OpenTelemetry, sent as exporters send them.

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace itemized::bench {

struct SpansFigures {
  double spans_per_s = 0;  // Spans stored and made into calls,
  double cpu_us = 0;       // the server's CPU time for one of these,
  double ack_p50_ms = 0;   // and how long a request waits for its answer.
  double ack_p99_ms = 0;
  double again_per_s = 0;  // Spans that were known.
};

// Sends `spans` over OTLP/gRPC, twice, in requests of 100 spans with 12 attributes, of traces of 10
// spans: an agent with the sum of its calls, and these. `cpu_seconds` tells the CPU time that the
// server has used. Returns INTERNAL unless the server then has each call once.
absl::StatusOr<SpansFigures> RunSpans(const std::string& address, int64_t spans,
                                      const std::function<double()>& cpu_seconds);

}  // namespace itemized::bench
