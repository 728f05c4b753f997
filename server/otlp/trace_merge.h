// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/otlp/span_tree.h"

namespace itemized::server {

// Two clocks of one process may disagree by so many nanoseconds on when a call began or ended.
inline constexpr uint64_t kTwinSlackNs = 20'000'000;

// The spans that tell of one call.
struct CallSpans {
  size_t counted = 0;          // The one that says most.
  std::vector<size_t> twins;   // Others that saw the same call, from beside.
  std::vector<size_t> around;  // Those around it, the nearest first, which only pass it on.
  bool is_aggregate = false;
};

// Whether two spans of models may tell of one call by rule 2 of trace_calls.h.
bool AreTwins(const spans::v1::KeptSpan& a, const spans::v1::KeptSpan& b);

// Says which spans of a trace tell of a call, and which of them of the same one, by the rules that
// trace_calls.h states.
std::vector<CallSpans> MergeSpans(const SpanTree& tree);

}  // namespace itemized::server
