// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_likeness.h"

#include <cstdlib>

#include "server/otlp/span_tree.h"
#include "storage/base/usage_classes.h"
#include "storage/model/usage.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;

// The beginning of a stream says few tokens of output.
constexpr int64_t kStartOfStreamMax = 32;

int64_t OutputOf(const Usage& usage) {
  return usage.TotalTokens() - usage.TotalInput();
}

// Whether `less` is `more` without its cache, or without a part of it.
bool LacksCache(const Usage& less, const Usage& more) {
  const int64_t uncached = more[UsageClass::kInput];
  return less.TotalInput() == less[UsageClass::kInput] && more.TotalInput() > uncached &&
         less.TotalInput() <= uncached && OutputOf(less) == OutputOf(more);
}

bool HasStartTwice(const Usage& a, const Usage& b) {
  return a.TotalInput() == b.TotalInput() &&
         std::abs(OutputOf(a) - OutputOf(b)) <= kStartOfStreamMax;
}

}  // namespace

bool MayBeGuessed(const KeptSpan& span) {
  return span.scope() == "@traceloop/instrumentation-openai";
}

Likeness LikenessOf(const KeptSpan& a, const KeptSpan& b) {
  if (!a.has_usage() || !b.has_usage()) {
    return Likeness::kUnsaid;
  }
  const Usage x = UsageOf(a);
  const Usage y = UsageOf(b);
  if (x.TotalInput() == y.TotalInput() && x.TotalTokens() == y.TotalTokens()) {
    return Likeness::kEqual;
  }
  if (LacksCache(x, y) || LacksCache(y, x) || HasStartTwice(x, y)) {
    return Likeness::kNearly;
  }
  return MayBeGuessed(a) || MayBeGuessed(b) ? Likeness::kUnsaid : Likeness::kUnequal;
}

}  // namespace itemized::server
