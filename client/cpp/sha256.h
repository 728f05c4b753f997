// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace itemized::client {

// The SHA-256 of `text` in 64 lower-case hexadecimal digits (FIPS 180-4).
std::string Sha256Hex(absl::string_view text);

}  // namespace itemized::client
