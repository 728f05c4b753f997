// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/unused_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {

UnusedIndex::Key UnusedIndex::KeyOf(absl::string_view workflow_id) {
  const XXH128_hash_t hash = XXH3_128bits(workflow_id.data(), workflow_id.size());
  return {hash.high64, hash.low64};
}

absl::Span<const NameId> UnusedIndex::SpanOf(Steps steps) {
  return steps == nullptr ? absl::Span<const NameId>() : absl::MakeConstSpan(*steps);
}

UnusedIndex::Steps UnusedIndex::Get(const Key& key) const {
  const auto found = runs_.find(key);
  return found == runs_.end() ? nullptr : found->second;
}

void UnusedIndex::Set(absl::string_view workflow_id, const std::vector<NameId>& steps) {
  const Key key = KeyOf(workflow_id);
  const Steps before = Get(key);
  const Steps after = steps.empty() ? nullptr : &*sets_.insert(steps).first;
  if (before == after) {
    return;
  }
  ++version_;
  if (pin_.use_count() > 1) {
    changes_[key].push_back({.version = version_, .before = before});
  } else {
    changes_.clear();
  }
  if (after == nullptr) {
    runs_.erase(key);
  } else {
    runs_[key] = after;
  }
}

absl::Span<const NameId> UnusedIndex::Find(absl::string_view workflow_id) const {
  return SpanOf(Get(KeyOf(workflow_id)));
}

absl::Span<const NameId> UnusedIndex::View::Find(absl::string_view workflow_id) const {
  const Key key = KeyOf(workflow_id);
  if (const auto changes = index_.changes_.find(key); changes != index_.changes_.end()) {
    for (const Change& change : changes->second) {
      if (change.version > version_) {
        return SpanOf(change.before);
      }
    }
  }
  return SpanOf(index_.Get(key));
}

}  // namespace itemized
