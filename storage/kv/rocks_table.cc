// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/rocks_table.h"

#include <algorithm>

#include <rocksdb/sst_file_writer.h>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace itemized {
namespace {

uint64_t BeginningOf(const std::string& key) {
  std::string bytes = key.substr(0, sizeof(uint64_t));
  bytes.resize(sizeof(uint64_t));
  absl::string_view in = bytes;
  uint64_t beginning = 0;
  CHECK(ReadBigEndian64(&in, &beginning));
  return beginning;
}

}  // namespace

void RocksTable::Add(const KvBatch::Operation& operation) {
  rows_.push_back({.beginning = BeginningOf(operation.key), .operation = &operation});
}

rocksdb::Status RocksTable::Write(const RocksStore& store, Family family, const std::string& path) {
  // A file that a killed process left may be a second name of a table that is in place, and its
  // bytes must not change: so it is deleted, not written over.
  rocksdb::Status status = store.env->DeleteFile(path);
  if (!status.ok() && !status.IsPathNotFound()) {
    return status;
  }
  std::stable_sort(rows_.begin(), rows_.end());
  rocksdb::ColumnFamilyHandle* handle = store.FamilyOf(family);
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), store.db->GetOptions(handle), handle);
  status = writer.Open(path);
  for (size_t i = 0; i < rows_.size() && status.ok(); ++i) {
    if (i + 1 < rows_.size() && !(rows_[i] < rows_[i + 1])) {
      continue;  // A later operation on the same key follows.
    }
    const KvBatch::Operation& operation = *rows_[i].operation;
    status = operation.value.has_value() ? writer.Put(operation.key, *operation.value)
                                         : writer.Delete(operation.key);
  }
  return status.ok() ? writer.Finish() : status;
}

}  // namespace itemized
