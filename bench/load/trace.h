// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace itemized::bench {

// Returns how many nanoseconds a call traced with the C++ library takes of its caller's thread: the
// median of many blocks of a thousand, while the library sends to the server.
absl::StatusOr<double> TraceNanoseconds(const std::string& address);

}  // namespace itemized::bench
