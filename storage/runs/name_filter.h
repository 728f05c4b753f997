// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// A set of names that may say yes in error, one time in some hundred, but never no: a Bloom filter
// in blocks of one cache line (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom
// Filters). It grows by adding parts, each of twice the size of the one before, and takes about two
// bytes a name. Not thread-safe.
class NameFilter {
 public:
  void Add(absl::string_view name);
  bool MayContain(absl::string_view name) const;

 private:
  static constexpr size_t kBlockWords = 8;  // Words of 64 bits; together one cache line.
  struct Part {
    size_t names = 0;
    size_t names_max = 0;
    std::vector<uint64_t> words;
  };
  static size_t BlockOf(const Part& part, uint64_t hash);

  std::vector<Part> parts_;  // Only the last one has room.
};

}  // namespace itemized
