// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/api/principal.h"
#include "server/otlp/span_assembler.h"

namespace itemized::server {

// The signals of OpenTelemetry that calls are made of: spans, and log records that stand for them.
enum class Signal : uint8_t { kTraces, kLogs };

// Reads a request of OTLP in protobuf's wire format and hands its spans on. Spans that cannot be
// kept are rejected one by one; log records that are of no use are dropped and counted. `done` is
// called as SpanAssembler::Take says, or at once with INVALID_ARGUMENT if the request is malformed.
void Export(Signal signal, const Principal& principal, absl::string_view request,
            SpanAssembler& assembler, SpanAssembler::Done done);

// Counts what was taken and dropped, and says so in the log when it happens first; `what` is what
// was dropped, as "metrics".
void CountDropped(const char* what, int64_t count, std::atomic<int64_t>& counter);

// Makes the same request in protobuf's wire format of one in JSON. INVALID_ARGUMENT with a sentence
// if it is none.
absl::StatusOr<std::string> JsonToWire(Signal signal, absl::string_view json);

// Returns the Export…ServiceResponse that tells a sender of `result`; in protobuf's wire format it
// is the same for all signals.
std::string ToWireResponse(const SpansResult& result);
std::string ToJsonResponse(Signal signal, const SpansResult& result);

// Returns the google.rpc.Status of an error.
std::string ToWireStatus(const absl::Status& status);
std::string ToJsonStatus(const absl::Status& status);

// Returns the google.rpc.Status of an error after which the sender is to wait a second and send
// again, which a RetryInfo says.
std::string ToWireRetryStatus(const absl::Status& status);

}  // namespace itemized::server
