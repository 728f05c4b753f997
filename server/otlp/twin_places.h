// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

#include "server/otlp/open_trace.h"

namespace itemized::server {

// A root that tells of a call of another trace.
struct TwinPlace {
  size_t trace = 0;  // Which of the traces has it, and the index of its span there.
  size_t span = 0;
  size_t host_trace = 0;  // The trace and the span that tells of the same call.
  size_t host_span = 0;
};

// Says which roots of these traces tell of a call of another of them: an instrumentation that has
// lost its context begins a trace for each call that it sees. Such a root is the span of a model
// with none below it; it and its host are twins by rule 2 of trace_calls.h, the host's trace has no
// twin of that scope already, and each host is taken once by each scope, by the likeliest first.
// What comes of it does not depend on the order of traces and spans.
std::vector<TwinPlace> PlaceTwins(absl::Span<const OpenTrace* const> traces);

// Makes such roots guests of their hosts' traces, and takes home those that are none any more.
// Returns the traces that this has changed, some of them more than once.
std::vector<OpenTrace*> MoveTwins(absl::Span<OpenTrace* const> traces);

}  // namespace itemized::server
