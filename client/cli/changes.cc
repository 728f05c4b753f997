// SPDX-License-Identifier: Apache-2.0
#include "client/cli/changes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "client/cli/format.h"

namespace itemized::cli {

Picos AmountOf(absl::string_view usd) {
  return ParseUsd(usd).value_or(0);
}

double ShareOf(absl::string_view part, absl::string_view whole) {
  const Picos all = AmountOf(whole);
  return all == 0 ? 0 : static_cast<double>(AmountOf(part)) / static_cast<double>(all);
}

std::string ChangeText(absl::string_view usd) {
  return absl::StrCat(AmountOf(usd) > 0 ? "+" : "", MoneyText(usd));
}

std::string WordsOf(absl::string_view name) {
  return absl::StrReplaceAll(name, {{"_", " "}});
}

std::vector<std::pair<std::string, std::string>> CausesBySize(
    const google::protobuf::Map<std::string, std::string>& causes) {
  std::vector<std::pair<std::string, std::string>> sorted(causes.begin(), causes.end());
  const auto size_of = [](const auto& cause) {
    const Picos amount = AmountOf(cause.second);
    return amount < 0 ? -amount : amount;
  };
  std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    return size_of(a) != size_of(b) ? size_of(a) > size_of(b) : a.first < b.first;
  });
  return sorted;
}

std::string TimesText(bool has_before, double before_ms, bool has_after, double after_ms) {
  const std::string from = has_before ? KnownDurationText(before_ms) : kNothing;
  const std::string to = has_after ? KnownDurationText(after_ms) : kNothing;
  return from == kNothing && to == kNothing ? "" : absl::StrCat(from, " > ", to);
}

}  // namespace itemized::cli
