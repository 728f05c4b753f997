// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "storage/kv/kv.h"

namespace rocksdb {
class FileSystem;
}

namespace itemized {

// Opens or creates a store in `directory`, on the file system `files` (null means the machine's).
// Errors:
//   FAILED_PRECONDITION  another process has it open; or its file `acknowledged` is missing
//                        (storage/FORMAT.md, "Files") and `accept_missing_mark` is false. If that
//                        is true, a new file is made.
//   DATA_LOSS            its files are damaged. A torn write at the end of the write-ahead log that
//                        was never acknowledged is no damage: it is cut off.
//   UNAVAILABLE          the directory cannot be used.
absl::StatusOr<std::unique_ptr<Kv>> OpenRocksKv(
    const std::string& directory, std::shared_ptr<rocksdb::FileSystem> files = nullptr,
    bool accept_missing_mark = false);

}  // namespace itemized
