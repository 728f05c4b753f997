// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/text/characters.h"

namespace itemized::cli {
namespace {

using text::Character;
using text::FirstCharacter;
using text::IsUnprintable;

struct Interval {
  char32_t first;
  char32_t last;
};

constexpr Interval kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

constexpr Interval kWide[] = {
    {0x1100, 0x115E},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
};

template <size_t N>
bool In(const Interval (&intervals)[N], char32_t c) {
  return std::any_of(std::begin(intervals), std::end(intervals),
                     [c](const Interval& i) { return i.first <= c && c <= i.last; });
}

uint8_t ByteAt(absl::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

size_t WidthOf(char32_t c) {
  if (In(kZeroWidth, c)) {
    return 0;
  }
  return In(kWide, c) ? 2 : 1;
}

// The end of the longest head of `text` that is at most `width` columns wide.
size_t HeadEnd(absl::string_view text, size_t width) {
  size_t end = 0;
  size_t used = 0;
  while (end < text.size()) {
    const Character c = FirstCharacter(text.substr(end));
    used += c.bytes == 0 ? 1 : WidthOf(c.value);
    if (used > width) {
      break;
    }
    end += std::max<size_t>(c.bytes, 1);
  }
  return end;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    if (c.bytes == 0 || (c.value < 0x80 && IsUnprintable(c.value))) {
      absl::StrAppendFormat(&result, "\\x%02x", ByteAt(text, 0));
    } else if (IsUnprintable(c.value)) {
      const bool far = c.value > 0xFFFF;
      absl::StrAppendFormat(&result, "\\%c%0*x", far ? 'U' : 'u', far ? 8 : 4,
                            static_cast<uint32_t>(c.value));
    } else {
      absl::StrAppend(&result, text.substr(0, c.bytes));
    }
    text.remove_prefix(std::max<size_t>(c.bytes, 1));
  }
  return result;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    width += c.bytes == 0 ? 1 : WidthOf(c.value);
    text.remove_prefix(std::max<size_t>(c.bytes, 1));
  }
  return width;
}

std::string ShortenMiddle(absl::string_view text, size_t width) {
  const size_t full = DisplayWidth(text);
  if (full <= width) {
    return std::string(text);
  }
  if (width == 0) {
    return "";
  }
  const size_t tail_width = (width - 1) / 2;
  const size_t head_width = width - 1 - tail_width;
  const absl::string_view head = text.substr(0, HeadEnd(text, head_width));
  // The shortest head whose removal leaves no more than the tail's columns.
  size_t cut = HeadEnd(text, full - tail_width);
  while (DisplayWidth(text.substr(cut)) > tail_width) {
    cut += std::max<size_t>(FirstCharacter(text.substr(cut)).bytes, 1);
  }
  return absl::StrCat(head, "…", text.substr(cut));
}

std::string Bar(double share, size_t width) {
  constexpr std::array<absl::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(share > 0)) {
    return "";
  }
  const double eighths_exact = std::min(share, 1.0) * static_cast<double>(width) * 8;
  const auto eighths = std::max<size_t>(1, static_cast<size_t>(std::lround(eighths_exact)));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) {
    bar += "█";
  }
  return absl::StrCat(bar, kEighths[eighths % 8]);
}

absl::string_view PluralS(int64_t count) {
  return count == 1 ? "" : "s";
}

}  // namespace itemized::cli
