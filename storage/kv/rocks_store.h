// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opening a RocksDB store: its options, and what is made of a damaged one. Only rocks_kv.cc and
// rocks_table.cc use it.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "storage/kv/acknowledged_mark.h"
#include "storage/kv/kv.h"

namespace itemized {

struct RocksStore {
  RocksStore() = default;
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  rocksdb::ColumnFamilyHandle* FamilyOf(Family family) const {
    return families[static_cast<size_t>(family)];
  }

  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;  // Indexed by Family.
  std::unique_ptr<AcknowledgedMark> mark;
};

// Opens the store. Arguments and errors are those of OpenRocksKv.
absl::StatusOr<std::unique_ptr<RocksStore>> OpenRocksStore(
    const std::string& directory, std::shared_ptr<rocksdb::FileSystem> files,
    bool accept_missing_mark);

const char* FamilyName(Family family);

// Returns DATA_LOSS for damage, UNAVAILABLE for any other failure.
absl::Status ToStatus(const rocksdb::Status& status);

// Flushes the memory of the families that `files` belong to, then puts all files in place together.
rocksdb::Status IngestTables(const RocksStore& store,
                             const std::vector<rocksdb::IngestExternalFileArg>& files);

}  // namespace itemized
