// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whoever answers a question learns here that nobody waits for the answer any more.

#include <atomic>
#include <chrono>

#include "absl/status/status.h"

namespace itemized {

// Thread-safe. Whoever asks cancels; whoever answers checks between pieces of work
// that take a millisecond or so, and gives up with the error.
class Cancellation {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Cancellation(Instant deadline = Instant::max()) : deadline_(deadline) {}
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Returns CANCELLED after Cancel, DEADLINE_EXCEEDED after the deadline, else OK.
  absl::Status Check() const;

 private:
  std::atomic<bool> cancelled_ = false;
  const Instant deadline_;
};

// Checks `cancellation`, which may be null: the answer is then waited for however long it takes.
inline absl::Status CheckNotCancelled(const Cancellation* cancellation) {
  return cancellation == nullptr ? absl::OkStatus() : cancellation->Check();
}

}  // namespace itemized
