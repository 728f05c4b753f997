// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace itemized {

// The classes in which a call's usage is counted. Disjoint, except that
// reasoning is a part of output. PERSISTED: never change or reuse a number.
enum class UsageClass : uint8_t {
  kInput = 0,
  kCacheRead = 1,
  kCacheWrite5m = 2,
  kCacheWrite1h = 3,
  kOutput = 4,
  kReasoning = 5,
  kInputAudio = 6,
  kCacheReadAudio = 7,
  kOutputAudio = 8,
  kInputImage = 9,
  kOutputImage = 10,
  kWebSearches = 11,  // Requests; all others are tokens.
};

inline constexpr size_t kUsageClassCount = 12;

// A count for each class.
struct Usage {
  std::array<int64_t, kUsageClassCount> counts{};

  int64_t& operator[](UsageClass c) { return counts[static_cast<size_t>(c)]; }
  int64_t operator[](UsageClass c) const { return counts[static_cast<size_t>(c)]; }
  bool operator==(const Usage&) const = default;

  // Tokens that went in, from the cache or not: what context tiers look at.
  int64_t TotalInput() const {
    return (*this)[UsageClass::kInput] + (*this)[UsageClass::kCacheRead] +
           (*this)[UsageClass::kCacheWrite5m] + (*this)[UsageClass::kCacheWrite1h] +
           (*this)[UsageClass::kInputAudio] + (*this)[UsageClass::kCacheReadAudio] +
           (*this)[UsageClass::kInputImage];
  }
};

}  // namespace itemized
