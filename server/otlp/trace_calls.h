// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the spans of a trace become calls, each counted once, whatever instrumentations have told of
// it. It depends on nothing but the set of spans: not on their order, nor on when they came.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "storage/model/call.h"

namespace itemized::server {

// A call of a model, as one or more spans tell of it.
struct TraceCall {
  size_t span = 0;             // The index of the span that counts.
  std::vector<size_t> merged;  // Those that tell of the same call, and lend it what they know.
  bool is_aggregate = false;   // An agent's sum, for none of its calls is known.
  Call call;                   // It has no revision.
};

// How many of something a trace has.
struct TraceCounts {
  int64_t merged = 0;         // Spans that tell of a call that another one counts.
  int64_t aggregates = 0;     // Calls that are an agent's sum.
  int64_t without_usage = 0;  // Calls of whose usage no span tells.
  int64_t rootless = 0;       // 1 if it has calls, and its root has not come.

  TraceCounts operator-(const TraceCounts& other) const {
    return {merged - other.merged, aggregates - other.aggregates,
            without_usage - other.without_usage, rootless - other.rootless};
  }
};

struct TraceBill {
  TraceCounts Counts() const;

  std::vector<TraceCall> calls;          // They stand by the index of the span.
  std::optional<Completion> completion;  // Set once the root of the trace is there.
  bool has_root = false;
};

// Counts the calls of a trace whose id is `trace_id`, 16 bytes. `spans` have different span_ids.
// These rules hold:
//
// 1. Of spans of models that are above one another, with no tool and no agent between them, only
//    the innermost with usage counts; the others lend their names.
// 2. Spans of models of different scopes in one resource are one call if both name the same answer
//    of the provider, or if one lies within the other (give or take 20 ms), their input and output
//    are as alike as span_likeness.h says, and one model's name begins the other's.
// 3. Any other span with usage counts as the sum of what is below it if no span of a model is,
//    and if it is not within one.
TraceBill CountTrace(absl::string_view trace_id,
                     absl::Span<const spans::v1::KeptSpan* const> spans);

}  // namespace itemized::server
