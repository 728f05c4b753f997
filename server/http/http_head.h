// SPDX-License-Identifier: Apache-2.0
#pragma once

// What may stand in the header of a request. Stricter than RFC 9112 allows: whatever two
// readers could take for the beginning or end of different requests is refused, since a
// proxy in front may read it the other way ("request smuggling").

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized::server {

// Why a request is refused. The connection cannot go on: where the next request begins is
// not known.
struct HeadFault {
  int status = 400;
  const char* sentence = "";
};

// Looks at a header from its request line to the empty line at its end, which is included.
std::optional<HeadFault> CheckHead(absl::string_view head);

// Whether part of a header has a line that ends with a line feed alone.
bool HasBareLineFeed(absl::string_view head);

// The name in "NAME:PORT", "1.2.3.4" or "[::1]:80", in lower case and without brackets;
// nothing if it is none of these. "" is the name in "".
std::optional<std::string> NameInHost(absl::string_view host);

}  // namespace itemized::server
