// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace itemized::server {

// Turns SIGTERM and SIGINT into an orderly end. main makes it before any other
// thread exists, so that none of them is interrupted by these signals.
class ShutdownSignals {
 public:
  // The process has `time_limit` to exit, from the first signal on; then, or
  // with a second signal, it exits at once. What was acknowledged is on disk.
  explicit ShutdownSignals(std::chrono::seconds time_limit);

  // Returns after the first signal.
  void Wait();

 private:
  int pipe_read_ = -1;  // It becomes readable with the first signal.
};

}  // namespace itemized::server
