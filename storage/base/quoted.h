// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace itemized {

// Returns text from outside as an error message shows it: in quotes, with unprintable bytes
// escaped, cut to 60 bytes.
std::string Quoted(absl::string_view text);

}  // namespace itemized
