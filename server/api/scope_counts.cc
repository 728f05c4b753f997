// SPDX-License-Identifier: Apache-2.0
#include "server/api/scope_counts.h"

#include <algorithm>

namespace itemized::server {

void ScopeCounts::Add(absl::string_view scope) {
  const std::string name(scope.empty() ? kUnnamed : scope);
  const MutexLock lock(mutex_);
  const bool has_room = counts_.size() < kNamesMax || counts_.contains(name);
  ++counts_[has_room ? name : kOthers];
}

std::vector<std::pair<std::string, int64_t>> ScopeCounts::Counts() const {
  std::vector<std::pair<std::string, int64_t>> counts;
  {
    const MutexLock lock(mutex_);
    counts.assign(counts_.begin(), counts_.end());
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return counts;
}

}  // namespace itemized::server
