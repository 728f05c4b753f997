// SPDX-License-Identifier: Apache-2.0
#include "client/cli/line_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(int fd, uint64_t bytes, size_t line_bytes_max)
    : fd_(fd), bytes_(bytes), line_bytes_max_(line_bytes_max) {}

// Appends to the buffer; false if there is no more.
absl::StatusOr<bool> LineReader::Fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(kReadBytes, bytes_ - offset_));
  if (wanted == 0) {
    return false;
  }
  const size_t old_size = buffer_.size();
  buffer_.resize(old_size + wanted);
  ssize_t got = 0;
  do {
    got = read(fd_, buffer_.data() + old_size, wanted);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) {
    return absl::UnavailableError(
        absl::StrCat("Cannot read the input: ", std::strerror(errno), ". Check its disk."));
  }
  if (offset_ == 0 && absl::StartsWith(buffer_, kByteOrderMark)) {
    begin_ = kByteOrderMark.size();
  }
  offset_ += static_cast<uint64_t>(got);
  return got > 0;
}

// Hands out the next `size` bytes; a line feed after them has to be skipped by the caller.
void LineReader::Take(size_t size, Line& line) {
  line.number = ++number_;
  line.too_long = line.too_long || size > line_bytes_max_;
  line.text = line.too_long ? absl::string_view() : absl::string_view(buffer_).substr(begin_, size);
  begin_ += size;
}

absl::StatusOr<bool> LineReader::Next(Line& line) {
  line = Line();
  size_t searched = begin_;
  while (true) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      Take(end - begin_, line);
      ++begin_;
      return true;
    }
    if (buffer_.size() - begin_ > line_bytes_max_) {
      line.too_long = true;
      begin_ = buffer_.size();
    }
    const size_t kept = buffer_.size() - begin_;
    ASSIGN_OR_RETURN(const bool more, Fill());
    searched = std::max(kept, begin_);
    if (!more) {
      break;
    }
  }
  if (buffer_.size() == begin_ && !line.too_long) {
    return false;
  }
  line.terminated = false;
  Take(buffer_.size() - begin_, line);
  return true;
}

}  // namespace itemized::cli
