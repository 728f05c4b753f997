// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads event ids as a block stores them (storage/FORMAT.md, "Block"): each as what it adds to the
// one before.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

#include "storage/base/bytes.h"

namespace itemized {

// Reads ids one by one. Does not own the raw bytes of the two columns. Not thread-safe.
class EventIdReader {
 public:
  EventIdReader(absl::string_view shape, absl::string_view bytes) : shape_(shape), bytes_(bytes) {}

  // Moves on to the next id; false if there is none or it is malformed.
  [[nodiscard]] bool Next() {
    uint64_t shared = 0;
    uint64_t added = 0;
    if (!ReadVarint(&shape_, &shared) || !ReadVarint(&shape_, &added) || shared > size_ ||
        added > bytes_.size()) {
      return false;
    }
    size_ = shared + added;
    if (buffer_.size() < size_ + kWord) {
      buffer_.resize(2 * size_ + kWord);
    }
    // Most ids add a digit or two: a copy of known size is one instruction.
    if (added <= kWord && bytes_.size() >= kWord) {
      std::memcpy(buffer_.data() + shared, bytes_.data(), kWord);
    } else {
      bytes_.copy(buffer_.data() + shared, added);  // If nothing is added, `data` may be null.
    }
    bytes_.remove_prefix(added);
    return true;
  }

  // The present id. Valid until the next call of Next.
  absl::string_view id() const { return absl::string_view(buffer_).substr(0, size_); }
  bool AtEnd() const { return shape_.empty() && bytes_.empty(); }

 private:
  static constexpr size_t kWord = 8;

  absl::string_view shape_;
  absl::string_view bytes_;
  std::string buffer_;  // It is longer than the id by kWord at least.
  size_t size_ = 0;
};

}  // namespace itemized
