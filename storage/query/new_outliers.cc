// SPDX-License-Identifier: Apache-2.0
#include "storage/query/new_outliers.h"

#include <utility>

namespace itemized {
namespace {

// Whether the row before takes out the same call, which was an outlier then too: it has only
// another price now.
bool WasOutlier(const CallRows& calls, size_t row) {
  return row > 0 && calls.weight[row - 1] < 0 && IsOutlier(calls.flags[row - 1]) &&
         calls.run[row - 1] == calls.run[row] && calls.EventId(row - 1) == calls.EventId(row);
}

}  // namespace

void NewOutliers::Listen(OutlierListener* listener) {
  const MutexLock lock(mutex_);
  listener_ = listener;
}

void NewOutliers::Fold(absl::Span<const Block> blocks, const Catalog& catalog) {
  const MutexLock lock(mutex_);
  if (listener_ == nullptr || !listener_->IsListening()) {
    return;
  }
  std::vector<BilledCall> outliers;
  int64_t left_out = 0;
  for (const Block& block : blocks) {
    const CallRows& calls = block.calls;
    for (size_t row = 0; row < calls.size(); ++row) {
      if (!IsOutlier(calls.flags[row]) || calls.weight[row] < 0 || WasOutlier(calls, row)) {
        continue;
      }
      if (outliers.size() < kOfACommitMax) {
        outliers.push_back(ToBilledCall(calls, row, catalog));
      } else {
        ++left_out;
      }
    }
  }
  if (!outliers.empty()) {
    listener_->TakeOutliers(std::move(outliers), left_out);
  }
}

}  // namespace itemized
