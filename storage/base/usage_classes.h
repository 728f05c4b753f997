// SPDX-License-Identifier: Apache-2.0
#pragma once

// The usage classes: every kind of token or request that a model call is billed for. This table
// is the one list of them: C++ expands it, the build of the dashboard reads it
// (client/dashboard/generate-classes.mjs), and tests hold the messages of proto/ and
// client/python/itemized/usage_classes.py against it. CONTRIBUTING.md says how to add a class.

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace itemized {

// What a class counts.
enum class UsageKind : uint8_t {
  kInput,         // Tokens that went in and were not in the provider's cache.
  kCacheRead,     // Tokens that went in from the cache.
  kCacheWrite,    // Tokens that went in and into the cache.
  kOutput,        // Tokens that came out.
  kPartOfOutput,  // Tokens that came out and are counted by another class, too.
  kRequests,      // Requests. They are priced by the thousand, tokens by the million.
};

// A row has:
//   number       of the class on disk, and of its field in Usage, less one. PERSISTED: it
//                never changes and is never used again; rows are in its order, without gaps
//   column       number of its field in CallColumns, which never changes either
//   constant     in UsageClass
//   count        name of the count in Usage, CallColumns, TopRow, SeriesPoint and all JSON
//   price        name of the price in Prices and all JSON
//   kind         what it counts
//   billed_as    the class whose price it has if it has none; itself if there is no such class
//   label        head of a column
//   description  what the counted tokens are
#define ITEMIZED_USAGE_CLASSES(ROW)                                                              \
  ROW(0, 11, kInput, input_tokens, input, kInput, kInput, "Input", "Uncached text input")        \
  ROW(1, 12, kCacheRead, cache_read_tokens, cache_read, kCacheRead, kInput, "Cache read",        \
      "Input from the provider's cache")                                                         \
  ROW(2, 13, kCacheWrite5m, cache_write_5m_tokens, cache_write_5m, kCacheWrite, kInput,          \
      "Write 5m", "Input into the 5-minute cache")                                               \
  ROW(3, 14, kCacheWrite1h, cache_write_1h_tokens, cache_write_1h, kCacheWrite, kCacheWrite5m,   \
      "Write 1h", "Input into the 1-hour cache")                                                 \
  ROW(4, 15, kOutput, output_tokens, output, kOutput, kOutput, "Output",                         \
      "Text output, reasoning included")                                                         \
  ROW(5, 16, kReasoning, reasoning_tokens, reasoning, kPartOfOutput, kOutput, "Reasoning",       \
      "Output that is reasoning")                                                                \
  ROW(6, 17, kInputAudio, input_audio_tokens, input_audio, kInput, kInput, "Audio in",           \
      "Uncached audio input")                                                                    \
  ROW(7, 18, kCacheReadAudio, cache_read_audio_tokens, cache_read_audio, kCacheRead, kCacheRead, \
      "Audio cached", "Audio input from the provider's cache")                                   \
  ROW(8, 19, kOutputAudio, output_audio_tokens, output_audio, kOutput, kOutput, "Audio out",     \
      "Audio output")                                                                            \
  ROW(9, 20, kInputImage, input_image_tokens, input_image, kInput, kInput, "Image in",           \
      "Image input that is billed apart from text")                                              \
  ROW(10, 21, kOutputImage, output_image_tokens, output_image, kOutput, kOutput, "Image out",    \
      "Image output")                                                                            \
  ROW(11, 22, kWebSearches, web_searches, web_search, kRequests, kWebSearches, "Searches",       \
      "Server-side web searches")

enum class UsageClass : uint8_t {
#define ITEMIZED_CONSTANT(number, column, constant, ...) constant = (number),
  ITEMIZED_USAGE_CLASSES(ITEMIZED_CONSTANT)
#undef ITEMIZED_CONSTANT
};

// A row of the table.
struct UsageClassInfo {
  UsageClass usage_class;
  uint32_t column;
  absl::string_view count;
  absl::string_view price;
  UsageKind kind;
  UsageClass billed_as;
  absl::string_view label;
  absl::string_view description;
};

// All classes, each at the place of its number.
inline constexpr std::array kUsageClasses = {
#define ITEMIZED_INFO(number, column, constant, count, price, kind, billed_as, label, text) \
  UsageClassInfo{UsageClass::constant,  column, #count, #price, UsageKind::kind,            \
                 UsageClass::billed_as, label,  text},
    ITEMIZED_USAGE_CLASSES(ITEMIZED_INFO)
#undef ITEMIZED_INFO
};

inline constexpr size_t kUsageClassCount = kUsageClasses.size();

constexpr bool AreUsageClassesInOrder() {
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (static_cast<size_t>(kUsageClasses[c].usage_class) != c) {
      return false;
    }
  }
  return true;
}
static_assert(AreUsageClassesInOrder(), "the numbers of the usage classes rise by one");

// Whether tokens of this kind went in, from the cache or not.
constexpr bool IsInput(UsageKind kind) {
  return kind == UsageKind::kInput || kind == UsageKind::kCacheRead ||
         kind == UsageKind::kCacheWrite;
}

// Whether a class of this kind counts tokens that no other class counts.
constexpr bool IsTokens(UsageKind kind) {
  return kind != UsageKind::kRequests && kind != UsageKind::kPartOfOutput;
}

// The sum of the counts of those classes whose kind `wanted` accepts. `counts` are in the order
// of the classes.
template <typename Wanted>
constexpr int64_t SumOfKinds(const std::array<int64_t, kUsageClassCount>& counts, Wanted wanted) {
  int64_t sum = 0;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    sum += wanted(kUsageClasses[c].kind) ? counts[c] : 0;
  }
  return sum;
}

}  // namespace itemized
