// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::cli {

// Returns the host:port that people mean by `text`: "localhost", "http://localhost:4317/" or "::1".
// The port is 4317 if none is named. INVALID_ARGUMENT if `text` is no address.
absl::StatusOr<std::string> ServerAddress(absl::string_view text);

// Returns what to say of a server that gRPC could not reach, if HTTP answers at `address`; else "".
// It asks there, for a second at most.
std::string HttpPortHint(const std::string& address);

}  // namespace itemized::cli
