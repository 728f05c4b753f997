// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace itemized::client {

// Whether `text` is well-formed UTF-8. A server cannot parse a message with any other string, so
// one bad name would cost its whole batch.
bool IsValidUtf8(absl::string_view text);

}  // namespace itemized::client
