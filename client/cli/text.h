// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text for a terminal: how wide it is, how to shorten it, and how to show
// names that others chose without letting them steer the terminal.

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized::cli {

// `text` with everything that could move the cursor, change colours or the
// order of letters written out: control characters, bidirectional marks,
// invisible characters and bytes that are not UTF-8 become "\x1b", "\u202e".
// A backslash stays a backslash: the result is for eyes, not for parsing.
std::string Printable(absl::string_view text);

// Terminal columns of printable UTF-8: wide (East Asian, emoji) characters
// take two, combining marks none.
size_t DisplayWidth(absl::string_view text);

// `text` in at most `width` columns, with "…" in place of its middle if it had
// to be cut. Of printable UTF-8 only.
std::string ShortenMiddle(absl::string_view text, size_t width);

// A bar of up to `width` columns that is `share` (0 to 1) full, in eighths;
// anything above zero shows at least an eighth.
std::string Bar(double share, size_t width);

// "s" unless `count` is one.
absl::string_view PluralS(int64_t count);

}  // namespace itemized::cli
