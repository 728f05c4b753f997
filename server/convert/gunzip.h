// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Returns the content of gzip data, INVALID_ARGUMENT if it is none, and OUT_OF_RANGE if it has
// more than `bytes_max`.
absl::StatusOr<std::string> Gunzip(absl::string_view gzip, size_t bytes_max);

// Whether bytes begin as gzip data does. No message of protobuf begins so.
bool IsGzip(absl::string_view bytes);

}  // namespace itemized::server
