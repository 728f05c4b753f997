// SPDX-License-Identifier: Apache-2.0
#include "proto/text/characters.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace itemized::text {
namespace {

struct Interval {
  char32_t first;
  char32_t last;
};

constexpr Interval kUnprintable[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD},   {0x061C, 0x061C}, {0x115F, 0x1160},
    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
};

uint8_t ByteAt(absl::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

// The length that the first byte of a sequence announces; 0 if it cannot start one.
size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    return 2;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    return 3;
  }
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

}  // namespace

Character FirstCharacter(absl::string_view text) {
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const uint8_t lead = ByteAt(text, 0);
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) {
    return {};
  }
  char32_t value = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((ByteAt(text, i) & 0xC0U) != 0x80) {
      return {};
    }
    value = (value << 6) | (ByteAt(text, i) & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) {
    return {};
  }
  return {value, length};
}

bool IsUnprintable(char32_t c) {
  return std::any_of(std::begin(kUnprintable), std::end(kUnprintable),
                     [c](const Interval& i) { return i.first <= c && c <= i.last; });
}

}  // namespace itemized::text
