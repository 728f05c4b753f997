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

// Opens or creates a store in `directory`, on `files` (null: those of the system). Errors:
// FAILED_PRECONDITION if another process has it open; DATA_LOSS if its files are damaged (a torn
// write at the end of the write-ahead log, never acknowledged, is no damage);
// UNAVAILABLE if the directory cannot be used. FAILED_PRECONDITION too if the file
// `acknowledged` of a store is missing (storage/FORMAT.md, "Files"), unless
// `accept_missing_mark`: then a new one is made.
absl::StatusOr<std::unique_ptr<Kv>> OpenRocksKv(
    const std::string& directory, std::shared_ptr<rocksdb::FileSystem> files = nullptr,
    bool accept_missing_mark = false);

}  // namespace itemized
