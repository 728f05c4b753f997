// SPDX-License-Identifier: Apache-2.0
#include "storage/block/report_skeleton.h"

#include <utility>

#include "absl/strings/numbers.h"

namespace itemized {

std::optional<SplitReport> SplitNumbers(absl::string_view text) {
  SplitReport split;
  bool has_mark = false;
  const auto visit = [&](size_t at, size_t size) {
    uint64_t number = 0;
    const absl::string_view digits = text.substr(at, size);
    has_mark = has_mark || size == 0;
    if (size > 0 && (size == 1 || digits[0] != '0') && absl::SimpleAtoi(digits, &number)) {
      split.numbers.push_back(number);
      split.skeleton.push_back(kNumberMark);
    } else {
      split.skeleton.append(digits.data(), digits.size());
    }
  };
  ScanNumbers(text, visit, [&](char c) { split.skeleton.push_back(c); });
  const bool is_kept = !has_mark && split.skeleton.size() <= kSkeletonBytesMax;
  return is_kept ? std::optional(std::move(split)) : std::nullopt;
}

size_t CountMarks(absl::string_view skeleton) {
  size_t marks = 0;
  ScanNumbers(
      skeleton, [&](size_t, size_t size) { marks += size == 0 ? 1 : 0; }, [](char) {});
  return marks;
}

}  // namespace itemized
