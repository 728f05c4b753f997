// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"

#include "storage/base/mutex.h"
#include "storage/usage_shapes/report_tally.h"

namespace itemized::server {

// Tells whoever runs the server of usage that was reported and is not understood: by counters, and
// in the log once for each kind of trouble and each shape. Thread-safe.
class UsageReportLog {
 public:
  void Take(const UsageReportTally& tally);

  int64_t unknown() const { return unknown_.load(std::memory_order_relaxed); }
  int64_t misreported() const { return misreported_.load(std::memory_order_relaxed); }
  int64_t not_kept() const { return not_kept_.load(std::memory_order_relaxed); }

 private:
  // Returns whether the log has to be told of this kind.
  bool IsNew(const std::string& kind);

  std::atomic<int64_t> unknown_ = 0;      // Reports since the start.
  std::atomic<int64_t> misreported_ = 0;  // Reports since the start.
  std::atomic<int64_t> not_kept_ = 0;     // Reports since the start.
  Mutex mutex_;
  absl::flat_hash_set<std::string> told_ ABSL_GUARDED_BY(mutex_);  // Kinds.
};

}  // namespace itemized::server
