// SPDX-License-Identifier: Apache-2.0
#include "server/api/usage_report_log.h"

#include <cstddef>

#include <spdlog/spdlog.h>

namespace itemized::server {
namespace {

// A sender that makes up names could have thousands of kinds told.
constexpr size_t kKindsMax = 1'000;

}  // namespace

bool UsageReportLog::IsNew(const std::string& kind) {
  const MutexLock lock(mutex_);
  return told_.size() < kKindsMax && told_.insert(kind).second;
}

void UsageReportLog::Take(const UsageReportTally& tally) {
  unknown_.fetch_add(tally.unknown, std::memory_order_relaxed);
  misreported_.fetch_add(tally.misreported, std::memory_order_relaxed);
  not_kept_.fetch_add(tally.not_kept, std::memory_order_relaxed);
  for (const UsageTrouble& trouble : tally.troubles) {
    if (IsNew(trouble.kind)) {
      spdlog::warn("A usage_reported: {} Others of this kind are not logged.", trouble.sentence);
    }
  }
}

}  // namespace itemized::server
