// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes and parts of amounts for people, as tables and reports show them.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/map.h"

#include "storage/base/money.h"

namespace itemized::cli {

// Returns an amount as servers write it.
Picos AmountOf(absl::string_view usd);

// Returns part / whole; 0 of nothing.
double ShareOf(absl::string_view part, absl::string_view whole);

// Returns "+$1.20" or "-$1.20".
std::string ChangeText(absl::string_view usd);

// Returns "unused step" of "unused_step".
std::string WordsOf(absl::string_view name);

// Returns causes with their amounts, the largest first, up or down; else by name.
std::vector<std::pair<std::string, std::string>> CausesBySize(
    const google::protobuf::Map<std::string, std::string>& causes);

// Returns "812 ms > 1.24 s"; "" if neither time is known.
std::string TimesText(bool has_before, double before_ms, bool has_after, double after_ms);

}  // namespace itemized::cli
