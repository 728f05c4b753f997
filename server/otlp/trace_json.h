// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Makes of an ExportTraceServiceRequest in OTLP's JSON (ids in hex, 64-bit numbers as texts or
// numbers) the same in protobuf's wire format, for DecodeTraces. Fields that it does not read, such
// as events and links, are left out, and so are values of attributes that are maps or bytes.
// INVALID_ARGUMENT with a sentence if it is no JSON, or nests too deeply.
absl::StatusOr<std::string> TraceJsonToWire(absl::string_view json);
// Does so with an ExportLogsServiceRequest, for DecodeLogs.
absl::StatusOr<std::string> LogsJsonToWire(absl::string_view json);

}  // namespace itemized::server
