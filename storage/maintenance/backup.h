// SPDX-License-Identifier: Apache-2.0
#pragma once

// A copy of a database that is known to open and to hold the same.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "storage/maintenance/reports.h"
#include "storage/store/state.h"

namespace itemized {

// The suffix of a copy that is not yet known to be a backup.
inline constexpr char kPartialSuffix[] = ".partial";

// What a copy is compared by.
struct BackupContents {
  int64_t calls = 0;
  int64_t runs = 0;
  Picos cost = 0;
  BlockSequence last_block = 0;

  bool operator==(const BackupContents&) const = default;
};

// Returns the contents of `state`. The caller holds its lock, or is the committer.
BackupContents ContentsOf(const State& state);

// Returns INVALID_ARGUMENT unless a backup can be made at `directory`, which must be an absolute
// path that does not exist yet, in a directory that does.
absl::Status CheckBackupDirectory(const std::string& directory);

// Turns the copy in `partial` into the backup `directory`, on the same disk:
// opens it, compares it with `expected`, reads all its checksums, syncs it and
// gives it its name. On an error nothing is left behind.
absl::StatusOr<BackupReport> FinishBackup(const std::string& partial, const std::string& directory,
                                          const BackupContents& expected);

}  // namespace itemized
