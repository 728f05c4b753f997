// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "itemized/spans/v1/kept_span.pb.h"

namespace itemized::server {

// How well the counts of two spans go together, the best first.
enum class Likeness : uint8_t {
  kEqual,    // Both say the same.
  kNearly,   // They differ as emitters do that saw one call.
  kUnsaid,   // One of them says nothing, or may be a guess.
  kUnequal,  // They are those of two calls.
};

// Emitters that saw one call differ in two ways: one says nothing of the cache, so that its input
// is what is left without it; or it adds to the output of a stream what its beginning had said
// already.
Likeness LikenessOf(const spans::v1::KeptSpan& a, const spans::v1::KeptSpan& b);

// Whether the emitter of the span counts the tokens of streams by itself, which is far off if it
// does not see all of the prompt.
bool MayBeGuessed(const spans::v1::KeptSpan& span);

}  // namespace itemized::server
