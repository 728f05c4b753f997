// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "server/otlp/span_tree.h"

namespace itemized::server {

// The spans that tell of one call.
struct CallSpans {
  size_t counted = 0;          // The one that says most.
  std::vector<size_t> twins;   // Others that saw the same call, from beside.
  std::vector<size_t> around;  // Those around it, the nearest first, which only pass it on.
  bool is_aggregate = false;
};

// Says which spans of a trace tell of a call, and which of them of the same one, by the rules that
// trace_calls.h states.
std::vector<CallSpans> MergeSpans(const SpanTree& tree);

}  // namespace itemized::server
