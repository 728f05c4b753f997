// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words that a mistyped one may stand for.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// Returns how many letters have to be put in, left out, changed or swapped with the next one to
// make `b` of `a`; upper and lower case are alike.
size_t EditDistance(absl::string_view a, absl::string_view b);

// Returns at most three words that `typed` may be meant for, the nearest first.
std::vector<std::string> Nearest(absl::string_view typed, const std::vector<std::string>& words);

}  // namespace itemized
