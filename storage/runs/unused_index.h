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

// The unused steps of each run that has any, so that a scan of the log need not read runs. It is
// kept in memory only, and takes about 40 bytes a run. Not thread-safe.
class UnusedIndex {
 public:
  UnusedIndex() = default;
  UnusedIndex(const UnusedIndex&) = delete;
  UnusedIndex& operator=(const UnusedIndex&) = delete;

  // Sets the unused steps of a run. `steps` are sorted; if there are none the run is forgotten.
  void Set(absl::string_view workflow_id, const std::vector<NameId>& steps);

  // Returns the unused steps of a run, sorted; none if the run is not known. The span is valid as
  // long as the index.
  absl::Span<const NameId> Find(absl::string_view workflow_id) const;

  size_t size() const { return runs_.size(); }

 private:
  // The 128 bits of XXH3 of a workflow_id, which no two runs share for all practical purposes.
  using Key = std::pair<uint64_t, uint64_t>;

  struct KeyHash {
    size_t operator()(const Key& key) const { return key.first; }
  };

  static Key KeyOf(absl::string_view workflow_id);

  std::set<std::vector<NameId>> sets_;  // Every set that ever was, once: there are few.
  absl::flat_hash_map<Key, const std::vector<NameId>*, KeyHash> runs_;  // Each points into `sets_`.
};

}  // namespace itemized
