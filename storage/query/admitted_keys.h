// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/node_hash_set.h"
#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"
#include "storage/model/limits.h"

namespace itemized {

// The keys of an answer, of which there are at most kKeysMax: the same ones for all threads, so
// that what each has is complete. Thread-safe.
class AdmittedKeys {
 public:
  // Returns `key`, or kOtherName if there are too many others.
  absl::string_view Admit(absl::string_view key) {
    const MutexLock lock(mutex_);
    if (keys_.size() < kKeysMax) {
      return *keys_.emplace(key).first;
    }
    const auto found = keys_.find(key);
    return found != keys_.end() ? absl::string_view(*found) : absl::string_view(kOtherName);
  }

 private:
  static constexpr size_t kKeysMax = 10'000;

  Mutex mutex_;
  absl::node_hash_set<std::string> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized
