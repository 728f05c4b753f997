// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "storage/base/mutex.h"

namespace itemized::server {

// Lets one line into the log where clients could cause thousands. Thread-safe.
class LogSampler {
 public:
  explicit LogSampler(std::chrono::seconds every = std::chrono::seconds(60)) : every_(every) {}

  // Counts something that happened. Returns nothing if the log is not to be told now, otherwise
  // how often it has happened since the log was told last, this time included.
  std::optional<int64_t> Count() {
    const auto now = std::chrono::steady_clock::now();
    const MutexLock lock(mutex_);
    ++untold_;
    if (told_at_.has_value() && now - *told_at_ < every_) {
      return std::nullopt;
    }
    told_at_ = now;
    return std::exchange(untold_, 0);
  }

 private:
  const std::chrono::seconds every_;
  Mutex mutex_;
  int64_t untold_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<std::chrono::steady_clock::time_point> told_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
