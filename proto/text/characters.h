// SPDX-License-Identifier: Apache-2.0
#pragma once

// The characters of UTF-8, one by one.

#include <cstddef>

#include "absl/strings/string_view.h"

namespace itemized::text {

struct Character {
  char32_t value = 0;
  size_t bytes = 0;  // 0: the text does not begin with valid UTF-8.
};

// The first character of `text`, which is not empty.
Character FirstCharacter(absl::string_view text);

// Whether `c` is a control character, cannot be seen, or changes the order of the letters
// around it: what could steer a terminal.
bool IsUnprintable(char32_t c);

}  // namespace itemized::text
