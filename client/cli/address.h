// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::cli {

// The host:port that people mean by `text`: "localhost", "http://localhost:4317/" or
// "::1". Without a port it is 4317. Errors: INVALID_ARGUMENT with a sentence.
absl::StatusOr<std::string> ServerAddress(absl::string_view text);

// What to say of a server that gRPC could not reach, if HTTP answers at `address`; else "".
// Asks there, for a second at most.
std::string HttpPortHint(const std::string& address);

}  // namespace itemized::cli
