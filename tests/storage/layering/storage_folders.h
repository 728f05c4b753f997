// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order of the folders of storage/.

#include <algorithm>
#include <string>
#include <vector>

namespace itemized::testing {

// A folder of storage/ may include itself and those before it.
inline const std::vector<std::string>& StorageFolders() {
  static const auto& folders = *new std::vector<std::string>{
      "base",  "model",   "pricing",     "budgets", "usage_shapes", "sketch",
      "kv",    "catalog", "block",       "log",     "views",        "runs",
      "store", "query",   "maintenance", "ingest",  "database"};
  return folders;
}

// Returns the place of "storage/<folder>/..." in that order; -1 if it has none.
inline int StoragePlace(const std::string& path) {
  const std::string rest = path.substr(std::string("storage/").size());
  const std::string folder = rest.substr(0, rest.find('/'));
  const std::vector<std::string>& folders = StorageFolders();
  const auto found = std::find(folders.begin(), folders.end(), folder);
  return found == folders.end() ? -1 : static_cast<int>(found - folders.begin());
}

}  // namespace itemized::testing
