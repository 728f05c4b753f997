// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace itemized::client {

// Keeps a directory to one spool of one process. A child of fork() has no part in the lock: when
// the parent ends, the directory is free.
class SpoolLock {
 public:
  // Takes the lock. FAILED_PRECONDITION if another spool has it; UNAVAILABLE if it cannot be
  // opened.
  static absl::StatusOr<SpoolLock> Take(const std::string& directory);

  SpoolLock() = default;
  ~SpoolLock();
  SpoolLock(SpoolLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SpoolLock& operator=(SpoolLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  explicit SpoolLock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace itemized::client
