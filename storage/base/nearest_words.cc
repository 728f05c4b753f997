// SPDX-License-Identifier: Apache-2.0
#include "storage/base/nearest_words.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace itemized {
namespace {

constexpr size_t kShown = 3;
constexpr size_t kPrefixMin = 3;  // Letters that make the beginning of a word one of it.

// Words are near if a third of their letters differ at most.
size_t FarthestFor(absl::string_view typed) {
  return std::max<size_t>(1, (typed.size() + 1) / 3);
}

}  // namespace

size_t EditDistance(absl::string_view a, absl::string_view b) {
  const std::string from = absl::AsciiStrToLower(a);
  const std::string to = absl::AsciiStrToLower(b);
  // Rows of the table of distances between heads of both: the newest and two before.
  std::vector<size_t> before_last(to.size() + 1);
  std::vector<size_t> last(to.size() + 1);
  std::vector<size_t> row(to.size() + 1);
  for (size_t j = 0; j <= to.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= from.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t change = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[to.size()];
}

std::vector<std::string> Nearest(absl::string_view typed, const std::vector<std::string>& words) {
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& word : words) {
    const bool begins = typed.size() >= kPrefixMin && absl::StartsWithIgnoreCase(word, typed);
    const size_t distance = begins ? 1 : EditDistance(typed, word);
    if (distance <= FarthestFor(typed) && !word.empty()) {
      near.emplace_back(distance, word);
    }
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> result;
  for (size_t i = 0; i < std::min(kShown, near.size()); ++i) {
    result.push_back(near[i].second);
  }
  return result;
}

}  // namespace itemized
