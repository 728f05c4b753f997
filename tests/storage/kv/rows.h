// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/kv/kv.h"

namespace itemized::testing {

using Rows = std::vector<std::pair<std::string, std::string>>;

// Reads `iterator` to its end, which must not be an error.
inline Rows RowsOf(KvIterator* iterator) {
  Rows rows;
  for (; iterator->Valid(); iterator->Next()) {
    rows.emplace_back(iterator->key(), iterator->value());
  }
  EXPECT_TRUE(iterator->status().ok()) << iterator->status();
  return rows;
}

inline Rows RowsOf(const Kv& kv, Family family, absl::string_view start = "",
                   absl::string_view end = "") {
  return RowsOf(kv.Scan(family, start, end).get());
}

inline std::vector<std::string> KeysOf(const Rows& rows) {
  std::vector<std::string> found;
  for (const auto& [key, value] : rows) {
    found.push_back(key);
  }
  return found;
}

// A batch that puts `rows` into `family`.
inline KvBatch Puts(Family family, const Rows& rows) {
  KvBatch batch;
  for (const auto& [key, value] : rows) {
    batch.Put(family, key, value);
  }
  return batch;
}

}  // namespace itemized::testing
