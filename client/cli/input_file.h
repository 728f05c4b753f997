// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of an import are found, opened, and named by what is in them.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "client/cli/environment.h"

namespace itemized::cli {

// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }

 private:
  int fd_;
};

// A regular file, at its start.
struct InputFile {
  FileDescriptor fd;
  uint64_t bytes = 0;
  std::string content_hash;  // XXH3-128 of those bytes, 32 hex digits.
};

// Returns how many bytes the file `path` has, or 0 if that is not known before it is read.
// INVALID_ARGUMENT if it is missing, unreadable, a directory or compressed.
absl::StatusOr<uint64_t> CheckInput(const std::string& path);

// Opens `path` and reads it once for its hash. "-" is `stdin_fd`; that and other streams go through
// a nameless temporary file. UNAVAILABLE if reading fails; CANCELLED once `interrupted` is set.
absl::StatusOr<InputFile> OpenInput(const std::string& path, int stdin_fd,
                                    const std::atomic<bool>& interrupted);

// The most bytes that a small file may have.
inline constexpr size_t kInputBytesMax = size_t{64} << 20;

// Returns all of a small file, or of standard input for "-". UNAVAILABLE if reading fails;
// CANCELLED once `env.interrupted` is set; INVALID_ARGUMENT if it is over kInputBytesMax, or a pipe
// that nobody writes to for `env.patience`.
absl::StatusOr<std::string> ReadInput(const std::string& path, const Environment& env);

}  // namespace itemized::cli
