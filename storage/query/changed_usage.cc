// SPDX-License-Identifier: Apache-2.0
#include "storage/query/changed_usage.h"

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/types/span.h"

#include "storage/base/money.h"
#include "storage/query/what_if.h"

namespace itemized {
namespace {

constexpr std::array kNotCachedText = {UsageClass::kInput, UsageClass::kCacheWrite5m,
                                       UsageClass::kCacheWrite1h};

// The product of two such numbers fits 63 bits.
constexpr int64_t kSmallMax = std::numeric_limits<int32_t>::max();

// Scales `classes`, which add up to `sum`, so that they add up to `to`.
void Scale(absl::Span<const UsageClass> classes, int64_t sum, int64_t to, Usage* usage) {
  UsageClass largest = classes.front();
  for (const UsageClass c : classes) {
    largest = (*usage)[c] > (*usage)[largest] ? c : largest;
  }
  int64_t rest = to;
  for (const UsageClass c : classes) {
    int64_t& count = (*usage)[c];
    const bool is_small = count <= kSmallMax && to <= kSmallMax;  // Division by 128 bits is slow.
    count = is_small ? count * to / sum : static_cast<int64_t>(Picos(count) * to / sum);
    rest -= (*usage)[c];
  }
  (*usage)[largest] += rest;
}

// The classes of what goes in, in their order.
absl::Span<const UsageClass> InputClasses() {
  static const auto& classes = *new std::vector<UsageClass>([] {
    std::vector<UsageClass> found;
    for (const UsageClassInfo& info : kUsageClasses) {
      if (IsInput(info.kind)) {
        found.push_back(info.usage_class);
      }
    }
    return found;
  }());
  return classes;
}

}  // namespace

bool CapInput(int64_t tokens, Usage* usage) {
  const int64_t total = usage->TotalInput();
  if (total <= tokens) {
    return false;
  }
  Scale(InputClasses(), total, tokens, usage);
  return true;
}

bool RaiseCacheRead(int64_t share, Usage* usage) {
  int64_t not_cached = 0;
  for (const UsageClass c : kNotCachedText) {
    not_cached += (*usage)[c];
  }
  int64_t& cached = (*usage)[UsageClass::kCacheRead];
  const int64_t context = not_cached + cached;
  const auto wanted =
      static_cast<int64_t>((Picos(context) * share + kShareWhole / 2) / kShareWhole);
  if (cached >= wanted) {
    return false;
  }
  cached = wanted;
  Scale(kNotCachedText, not_cached, context - wanted, usage);
  return true;
}

}  // namespace itemized
