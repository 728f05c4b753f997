// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "storage/model/usage.h"

namespace itemized {

// How the counts of a sender are to be read where it says so: whether the input includes what was
// read from the prompt cache and written to it. Output includes reasoning in either case.
enum class CacheAccounting : uint8_t { kUnsaid = 0, kInclusive = 1, kExclusive = 2 };

// A usage class of input, and the classes of the cache that are of the same kind.
struct CachedInput {
  UsageClass input;
  std::array<UsageClass, 3> cached;  // One that stands twice counts once.
};
inline constexpr CachedInput kCachedInputs[] = {
    {UsageClass::kInput,
     {UsageClass::kCacheRead, UsageClass::kCacheWrite5m, UsageClass::kCacheWrite1h}},
    {UsageClass::kInputAudio,
     {UsageClass::kCacheReadAudio, UsageClass::kCacheReadAudio, UsageClass::kCacheReadAudio}},
};

// Returns how much of the kind of `input` was read from the cache and written to it.
inline int64_t CachedOf(const CachedInput& input, const Usage& usage) {
  const auto& [a, b, c] = input.cached;
  return usage[a] + (b == a ? 0 : usage[b]) + (c == a ? 0 : usage[c]);
}

// Adds the cache to the input of a usage (`sign` is 1), or takes it out (-1). Counts may become
// negative.
inline void MoveCache(int64_t sign, Usage* usage) {
  for (const CachedInput& input : kCachedInputs) {
    (*usage)[input.input] += sign * CachedOf(input, *usage);
  }
}

// Returns INVALID_ARGUMENT, with a sentence that names the numbers, if an input from which the
// cache was taken out is negative.
inline absl::Status CheckRemainders(const Usage& usage) {
  for (const CachedInput& input : kCachedInputs) {
    if (usage[input.input] < 0) {
      const int64_t cached = CachedOf(input, usage);
      return absl::InvalidArgumentError(absl::StrCat(
          "The cache_accounting is inclusive, but ",
          kUsageClasses[static_cast<size_t>(input.input)].count, " are ",
          usage[input.input] + cached, " and the cache's counts, which they should include, are ",
          cached, "; send all of the input, or say exclusive."));
    }
  }
  return absl::OkStatus();
}

}  // namespace itemized
