// SPDX-License-Identifier: Apache-2.0
#pragma once

// How usage classes are billed, written out by hand: tests compare the database with these rules,
// so they must not come from the table that the database is built from.

#include <cstdint>
#include <optional>

#include "storage/model/usage.h"

namespace itemized {

// The class that a class without a price of its own is billed as; nothing if it then has none.
inline std::optional<UsageClass> PlainPartOf(UsageClass usage_class) {
  switch (usage_class) {
    case UsageClass::kReasoning:
    case UsageClass::kOutputAudio:
    case UsageClass::kOutputImage:
      return UsageClass::kOutput;
    case UsageClass::kCacheWrite1h:
      return UsageClass::kCacheWrite5m;
    case UsageClass::kCacheReadAudio:
      return UsageClass::kCacheRead;
    case UsageClass::kCacheWrite5m:
    case UsageClass::kCacheRead:
    case UsageClass::kInputAudio:
    case UsageClass::kInputImage:
      return UsageClass::kInput;
    case UsageClass::kInput:
    case UsageClass::kOutput:
    case UsageClass::kWebSearches:
      break;
  }
  return std::nullopt;
}

// Whether its tokens count for the threshold of a tier: those of classes that are part of input.
inline bool PlainIsInput(UsageClass usage_class) {
  std::optional<UsageClass> at = usage_class;
  while (at.has_value() && *at != UsageClass::kInput) {
    at = PlainPartOf(*at);
  }
  return at.has_value();
}

inline int64_t PlainTotalInput(const Usage& usage) {
  int64_t total = 0;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    total += PlainIsInput(static_cast<UsageClass>(c)) ? usage.counts[c] : 0;
  }
  return total;
}

}  // namespace itemized
