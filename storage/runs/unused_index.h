// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/catalog/catalog.h"

namespace itemized {

// The unused steps of each run that has any, so that a scan of the log need not read runs. In
// memory only, about 40 bytes a run. Not thread-safe, but for the making and ending of views.
class UnusedIndex {
 public:
  // The index as it was when the view was made, whatever is set later: what a long scan asks, which
  // lets commits go on. While there is one, the index remembers what it replaces. The index
  // outlives it, and Find needs the same lock as the index does.
  class View {
   public:
    // It answers as UnusedIndex::Find does.
    absl::Span<const NameId> Find(absl::string_view workflow_id) const;

   private:
    friend class UnusedIndex;
    explicit View(const UnusedIndex& index)
        : index_(index), version_(index.version_), pin_(index.pin_) {}

    const UnusedIndex& index_;
    const uint64_t version_;
    const std::shared_ptr<const void> pin_;
  };

  UnusedIndex() = default;
  UnusedIndex(const UnusedIndex&) = delete;
  UnusedIndex& operator=(const UnusedIndex&) = delete;

  // `steps` are sorted; without any the run is forgotten.
  void Set(absl::string_view workflow_id, const std::vector<NameId>& steps);

  // Sorted; empty if there are none. Valid as long as the index.
  absl::Span<const NameId> Find(absl::string_view workflow_id) const;

  View Now() const { return View(*this); }

  size_t size() const { return runs_.size(); }

 private:
  using Steps = const std::vector<NameId>*;  // One of `sets_`; null if a run has none.

  // The 128 bits of XXH3 of the workflow_id: no two runs have the same for all practical
  // purposes.
  using Key = std::pair<uint64_t, uint64_t>;

  struct KeyHash {
    size_t operator()(const Key& key) const { return key.first; }
  };

  // What a run had before the index became `version`.
  struct Change {
    uint64_t version = 0;
    Steps before = nullptr;
  };

  static Key KeyOf(absl::string_view workflow_id);
  static absl::Span<const NameId> SpanOf(Steps steps);
  Steps Get(const Key& key) const;

  std::set<std::vector<NameId>> sets_;  // Each that ever was, once: there are few.
  absl::flat_hash_map<Key, Steps, KeyHash> runs_;
  uint64_t version_ = 0;                                            // Rises with each change.
  absl::flat_hash_map<Key, std::vector<Change>, KeyHash> changes_;  // They are sorted by version.
  std::shared_ptr<const void> pin_ = std::make_shared<char>();      // Each view has it, too.
};

}  // namespace itemized
