// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one call used. The classes are those of the table in storage/base/usage_classes.h.

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/base/usage_classes.h"

namespace itemized {

// A count for each class. The counts are disjoint, except that reasoning is a part of output.
struct Usage {
  std::array<int64_t, kUsageClassCount> counts{};

  int64_t& operator[](UsageClass c) { return counts[static_cast<size_t>(c)]; }
  int64_t operator[](UsageClass c) const { return counts[static_cast<size_t>(c)]; }
  bool operator==(const Usage&) const = default;

  // Tokens that went in, from the cache or not: what context tiers look at.
  int64_t TotalInput() const { return SumOfKinds(counts, IsInput); }
  // All tokens, in and out.
  int64_t TotalTokens() const { return SumOfKinds(counts, IsTokens); }
};

}  // namespace itemized
