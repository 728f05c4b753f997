// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/catalog/catalog.h"

namespace itemized {

// The unused steps of each run that has any, so that a scan of the log need not read runs. In
// memory only, about 40 bytes a run. Not thread-safe.
class UnusedIndex {
 public:
  UnusedIndex() = default;
  UnusedIndex(const UnusedIndex&) = delete;
  UnusedIndex& operator=(const UnusedIndex&) = delete;

  // `steps` are sorted; without any the run is forgotten.
  void Set(absl::string_view workflow_id, const std::vector<NameId>& steps);

  // Sorted; empty if there are none. Valid as long as the index.
  absl::Span<const NameId> Find(absl::string_view workflow_id) const;

  size_t size() const { return runs_.size(); }

 private:
  // The 128 bits of XXH3 of the workflow_id: no two runs have the same for all practical
  // purposes.
  using Key = std::pair<uint64_t, uint64_t>;

  struct KeyHash {
    size_t operator()(const Key& key) const { return key.first; }
  };

  static Key KeyOf(absl::string_view workflow_id);

  std::set<std::vector<NameId>> sets_;  // Each that ever was, once: there are few.
  absl::flat_hash_map<Key, const std::vector<NameId>*, KeyHash> runs_;  // Into `sets_`.
};

}  // namespace itemized
