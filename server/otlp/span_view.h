// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/query.pb.h"

#include "server/otlp/open_trace.h"

namespace itemized::server {

// Adds the spans of a trace to `response` in the order of their tree, with what each has to do with
// the bill, by the rules of trace_calls.h.
void AddSpans(const OpenTrace& trace, itemized::v1::GetSpansResponse* response);

}  // namespace itemized::server
