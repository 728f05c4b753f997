// SPDX-License-Identifier: Apache-2.0
#pragma once

// A copy of a database that is known to open and to hold the same.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "storage/engine/database.h"

namespace itemized {

// Of a copy that is not yet known to be one.
inline constexpr char kPartialSuffix[] = ".partial";

// INVALID_ARGUMENT unless a backup can be made there: an absolute path that does
// not exist yet, in a directory that does.
absl::Status CheckBackupDirectory(const std::string& directory);

// Turns the copy in `partial` into the backup `directory`, on the same disk:
// opens it, compares it with `expected`, reads all its checksums, syncs it and
// gives it its name. On an error nothing is left behind.
absl::StatusOr<BackupReport> FinishBackup(const std::string& partial, const std::string& directory,
                                          const DatabaseInfo& expected);

}  // namespace itemized
