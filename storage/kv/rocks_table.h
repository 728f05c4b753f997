// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rocksdb/status.h>

#include "storage/kv/kv.h"
#include "storage/kv/rocks_store.h"

namespace itemized {

// Rows on their way into a sorted table of one family. Not thread-safe.
class RocksTable {
 public:
  // Adds `operation`, which outlives this. Of several on one key the last one counts.
  void Add(const KvBatch::Operation& operation);
  bool empty() const { return rows_.empty(); }

  // Writes the table to the file `path`, in place of any that is there.
  rocksdb::Status Write(const RocksStore& store, Family family, const std::string& path);

 private:
  // A row with the beginning of its key beside it. Beginnings of two keys mostly differ, so that
  // the keys themselves need not be fetched to compare them.
  struct Row {
    uint64_t beginning = 0;  // The first eight bytes of the key as a number that sorts like them.
    const KvBatch::Operation* operation = nullptr;

    bool operator<(const Row& other) const {
      return beginning != other.beginning ? beginning < other.beginning
                                          : operation->key < other.operation->key;
    }
  };

  std::vector<Row> rows_;
};

}  // namespace itemized
