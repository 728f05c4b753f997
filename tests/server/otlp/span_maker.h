// SPDX-License-Identifier: Apache-2.0
#pragma once

// Short ways to say what spans there are.

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "itemized/spans/v1/kept_span.pb.h"

#include "server/otlp/trace_calls.h"
#include "storage/base/usage_classes.h"

namespace itemized::server {

using spans::v1::KeptSpan;

inline constexpr char kTrace[] = "0123456789abcdef";
inline constexpr uint64_t kMs = 1'000'000;

// A span whose id is the letter 8 times. It lasts from `start_ms` for 100 ms.
inline KeptSpan MakeSpan(char id, char parent, spans::v1::SpanRole role, const std::string& name,
                         uint64_t start_ms = 1'000) {
  KeptSpan span;
  span.set_span_id(std::string(8, id));
  if (parent != 0) {
    span.set_parent_span_id(std::string(8, parent));
  }
  span.set_name(name);
  span.set_role(role);
  span.set_scope("scope-a");
  span.set_start_unix_ns(start_ms * kMs);
  span.set_end_unix_ns((start_ms + 100) * kMs);
  return span;
}

inline KeptSpan WithUsage(KeptSpan span, const std::string& model, int64_t input, int64_t output) {
  span.set_model(model);
  span.set_has_usage(true);
  span.mutable_usage()->Resize(static_cast<int>(kUsageClassCount), 0);
  span.set_usage(static_cast<int>(UsageClass::kInput), input);
  span.set_usage(static_cast<int>(UsageClass::kOutput), output);
  return span;
}

inline TraceBill Count(const std::vector<KeptSpan>& spans) {
  std::vector<const KeptSpan*> pointers;
  for (const KeptSpan& span : spans) {
    pointers.push_back(&span);
  }
  return CountTrace(kTrace, pointers);
}

}  // namespace itemized::server
