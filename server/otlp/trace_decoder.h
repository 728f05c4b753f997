// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "server/otlp/raw_span.h"

namespace itemized::server {

// Reads an ExportTraceServiceRequest of opentelemetry-proto 1.x, field by field. `visit` is called
// with each span, which is gone when it returns, and has what `mapping` names besides; `refuse`
// with a sentence for each that is no message. INVALID_ARGUMENT if what is around the spans is
// malformed; spans before that count.
absl::Status DecodeTraces(
    absl::string_view request, const SpanMapping& mapping,
    absl::FunctionRef<void(const SpanSource& source, const RawSpan& span)> visit,
    absl::FunctionRef<void(std::string reason)> refuse);

}  // namespace itemized::server
