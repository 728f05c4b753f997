// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Creates `root`, the directory below which backups may be made, unless it is there already.
// Returns INVALID_ARGUMENT if it lies in `data_dir`, UNAVAILABLE if it cannot be written.
absl::Status PrepareBackupDirectory(const std::string& root, const std::string& data_dir);

// Returns the absolute path of the backup `name` below `root`. Whoever reaches the server
// chooses the name, so that it must not lead anywhere else: it is refused with INVALID_ARGUMENT
// if it is absolute, has a part that is "..", or goes through a symbolic link. Returns
// FAILED_PRECONDITION if there is no `root`.
absl::StatusOr<std::string> PathOfBackup(const std::string& root, absl::string_view name);

}  // namespace itemized::server
