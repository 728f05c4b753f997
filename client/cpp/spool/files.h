// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the parts of a spool ask of the file system.

#include <string>

#include "absl/status/status.h"

namespace itemized::client {

// Returns UNAVAILABLE with the reason in errno: "Cannot `what` `path`: ...".
absl::Status ErrnoStatus(const char* what, const std::string& path);

// Returns `path` if nothing has that name, else the first such name with a number behind it.
std::string FreeName(const std::string& path);

// Makes the creation, renaming and removal of files of `directory` durable.
absl::Status SyncDirectory(const std::string& directory);

}  // namespace itemized::client
