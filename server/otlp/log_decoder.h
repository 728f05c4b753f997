// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/otlp/raw_span.h"

namespace itemized::server {

// Reads an ExportLogsServiceRequest as DecodeTraces reads spans. A log record of Claude Code that
// tells of a request to a model (`api_request`, `api_error`) is visited as a span: with the ids of
// its span around it, if the record has them, else as a root of a trace of its session and prompt.
// Returns how many records are of no use here, and dropped.
absl::StatusOr<int64_t> DecodeLogs(
    absl::string_view request, const SpanMapping& mapping,
    absl::FunctionRef<void(const SpanSource& source, const RawSpan& span)> visit,
    absl::FunctionRef<void(std::string reason)> refuse);

}  // namespace itemized::server
