// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text for a terminal: how wide it is, how to shorten it, and how to show
// names that others chose without letting them steer the terminal.

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized::cli {

// Returns `text` with everything written out that could move the cursor, change colours or the
// order of letters: control characters, bidirectional marks, invisible characters and bytes that
// are not UTF-8 become "\x1b", "\u202e". A backslash stays a backslash: the result is for eyes, not
// for parsing.
std::string Printable(absl::string_view text);

// Returns how many terminal columns printable UTF-8 takes: wide (East Asian, emoji) characters take
// two, combining marks none.
size_t DisplayWidth(absl::string_view text);

// Returns `text`, which is printable UTF-8, in at most `width` columns, with "…" in place of its
// middle if it had to be cut.
std::string ShortenMiddle(absl::string_view text, size_t width);

// Returns a bar of up to `width` columns that is `share` (0 to 1) full, in eighths. Anything above
// zero shows at least an eighth.
std::string Bar(double share, size_t width);

// Returns "s" unless `count` is one.
absl::string_view PluralS(int64_t count);

}  // namespace itemized::cli
