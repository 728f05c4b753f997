// SPDX-License-Identifier: Apache-2.0
#pragma once

// "Did you mean": the words that a mistyped one may stand for.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/nearest_words.h"

namespace itemized::cli {

// Returns " Did you mean \"top\"?", or "" if nothing is near.
std::string DidYouMean(absl::string_view typed, const std::vector<std::string>& words);

}  // namespace itemized::cli
