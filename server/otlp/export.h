// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "server/api/principal.h"
#include "server/otlp/span_assembler.h"

namespace itemized::server {

// Reads an ExportTraceServiceRequest in protobuf's wire format and hands its spans on. Spans that
// cannot be kept are rejected one by one. `done` is called as SpanAssembler::Take says, or at once
// with INVALID_ARGUMENT if the request is malformed.
void ExportTraces(const Principal& principal, absl::string_view request, SpanAssembler& assembler,
                  SpanAssembler::Done done);

// Returns the ExportTraceServiceResponse that tells a sender of `result`.
std::string ToWireResponse(const SpansResult& result);
std::string ToJsonResponse(const SpansResult& result);

// Returns the google.rpc.Status of an error.
std::string ToWireStatus(const absl::Status& status);
std::string ToJsonStatus(const absl::Status& status);

// Returns the google.rpc.Status of an error after which the sender is to wait a second and send
// again, which a RetryInfo says.
std::string ToWireRetryStatus(const absl::Status& status);

}  // namespace itemized::server
