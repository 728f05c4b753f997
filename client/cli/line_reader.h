// SPDX-License-Identifier: Apache-2.0
#pragma once

// The lines of a file are read with bounded memory, however long a line is.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::cli {

struct Line {
  absl::string_view text;  // It lacks the line feed and lives until the next call.
  uint64_t number = 0;     // The first line has 1.
  bool too_long = false;
  bool terminated = true;  // False if the file ends without a line feed here.
};

// Reads the first `bytes` bytes of `fd` from its present position. A UTF-8
// byte order mark at the start is skipped. Not thread-safe; does not own `fd`.
class LineReader {
 public:
  LineReader(int fd, uint64_t bytes, size_t line_bytes_max);

  // Reads the next line into `line`; returns false at the end. UNAVAILABLE if reading fails.
  absl::StatusOr<bool> Next(Line& line);

  uint64_t bytes_read() const { return offset_ - (buffer_.size() - begin_); }

 private:
  absl::StatusOr<bool> Fill();
  void Take(size_t size, Line& line);

  const int fd_;
  const uint64_t bytes_;
  const size_t line_bytes_max_;
  std::string buffer_;
  size_t begin_ = 0;     // What comes before it in the buffer has been handed out.
  uint64_t offset_ = 0;  // Bytes read from the file.
  uint64_t number_ = 0;
};

}  // namespace itemized::cli
