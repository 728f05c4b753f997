// SPDX-License-Identifier: Apache-2.0
#pragma once

// A report without its numbers: in a skeleton, the mark # stands for each of them.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// JSON has none outside of strings.
inline constexpr char kNumberMark = '#';

// Reports with longer skeletons are not kept.
inline constexpr size_t kSkeletonBytesMax = size_t{2} << 10;

struct SplitReport {
  std::string skeleton;
  std::vector<uint64_t> numbers;
};

// Takes the numbers out of a JSON text. An exponent, and a number that is larger than 64 bits or
// begins with 0, stays in the skeleton. Returns nothing for a text that cannot be kept: it has the
// mark outside of a string, or too long a skeleton.
std::optional<SplitReport> SplitNumbers(absl::string_view text);

// Returns how many numbers a skeleton has.
size_t CountMarks(absl::string_view skeleton);

// Calls `number(at, size)` for each number of a JSON text that is no exponent, `number(at, 0)` for
// each mark, and `copy(char)` for all else.
template <typename Number, typename Copy>
void ScanNumbers(absl::string_view text, Number number, Copy copy) {
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string) {
      copy(c);
      if (c == '\\' && i + 1 < text.size()) {
        copy(text[++i]);
      }
      in_string = c != '"';
      ++i;
      continue;
    }
    const bool is_exponent =
        i > 0 && (text[i - 1] == 'e' || (text[i - 1] == '-' && i > 1 && text[i - 2] == 'e'));
    size_t size = 0;
    while (i + size < text.size() && text[i + size] >= '0' && text[i + size] <= '9') {
      ++size;
    }
    if (c == kNumberMark) {
      number(i, size_t{0});
      ++i;
    } else if (size > 0 && !is_exponent) {
      number(i, size);
      i += size;
    } else {
      in_string = c == '"';
      for (size_t end = i + std::max<size_t>(size, 1); i < end; ++i) {
        copy(text[i]);
      }
    }
  }
}

}  // namespace itemized
