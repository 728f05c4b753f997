// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/unused_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {

UnusedIndex::Key UnusedIndex::KeyOf(absl::string_view workflow_id) {
  const XXH128_hash_t hash = XXH3_128bits(workflow_id.data(), workflow_id.size());
  return {hash.high64, hash.low64};
}

void UnusedIndex::Set(absl::string_view workflow_id, const std::vector<NameId>& steps) {
  if (steps.empty()) {
    runs_.erase(KeyOf(workflow_id));
    return;
  }
  runs_[KeyOf(workflow_id)] = &*sets_.insert(steps).first;
}

absl::Span<const NameId> UnusedIndex::Find(absl::string_view workflow_id) const {
  const auto found = runs_.find(KeyOf(workflow_id));
  return found == runs_.end() ? absl::Span<const NameId>() : *found->second;
}

}  // namespace itemized
