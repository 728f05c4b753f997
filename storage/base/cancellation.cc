// SPDX-License-Identifier: Apache-2.0
#include "storage/base/cancellation.h"

namespace itemized {

absl::Status Cancellation::Check() const {
  if (cancelled_.load(std::memory_order_relaxed)) {
    return absl::CancelledError("Nobody waits for this answer any more.");
  }
  if (deadline_ != Instant::max() && std::chrono::steady_clock::now() >= deadline_) {
    return absl::DeadlineExceededError(
        "The answer took too long. Ask for a shorter window, or without a filter or attribute.");
  }
  return absl::OkStatus();
}

}  // namespace itemized
