// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions say what may stand in the header of a request. They are stricter than RFC
// 9112: whatever two
// readers could take for the beginning or end of different requests is refused, since a
// proxy in front may read it the other way ("request smuggling").

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized::server {

// Says why a request is refused. The connection cannot go on, since nobody knows where the next
// request begins.
struct HeadFault {
  int status = 400;
  const char* sentence = "";
};

// Checks a header from its request line to the empty line at its end, which is included.
std::optional<HeadFault> CheckHead(absl::string_view head);

// Tells whether part of a header has a line that ends with a line feed alone.
bool HasBareLineFeed(absl::string_view head);

// Returns the name in "NAME:PORT", "1.2.3.4" or "[::1]:80", in lower case and without brackets,
// or nothing if `host` is none of these. "" is the name in "".
std::optional<std::string> NameInHost(absl::string_view host);

}  // namespace itemized::server
