// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"

namespace itemized::server {

// Counts spans by their instrumentation scope. Senders choose the names, so that it has room for a
// few only. Thread-safe.
class ScopeCounts {
 public:
  static constexpr size_t kNamesMax = 20;
  // Where spans of further scopes are counted, and what those without a name are counted under.
  static constexpr char kOthers[] = "(others)";
  static constexpr char kUnnamed[] = "(unnamed)";

  void Add(absl::string_view scope);

  // Returns the scopes and how many spans each has, the most frequent first.
  std::vector<std::pair<std::string, int64_t>> Counts() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
