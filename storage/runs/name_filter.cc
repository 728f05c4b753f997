// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/name_filter.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {
namespace {

constexpr size_t kNamesFirst = size_t{1} << 15;  // Names that the first part has room for.
constexpr size_t kNamesPerBlock = 32;            // A block has 16 bits for each.
constexpr int kProbes = 6;

uint64_t HashOf(absl::string_view name) {
  return XXH3_64bits(name.data(), name.size());
}

// Returns the bits that a name sets in each word of its block: each of six 9-bit pieces of the hash
// names a word and a place in it. The block is chosen by other bits.
std::array<uint64_t, 8> BitsOf(uint64_t hash) {
  std::array<uint64_t, 8> bits{};
  for (int i = 0; i < kProbes; ++i) {
    const uint64_t piece = hash >> (9 * i);
    bits[(piece >> 6) & 7] |= uint64_t{1} << (piece & 63);
  }
  return bits;
}

}  // namespace

size_t NameFilter::BlockOf(const Part& part, uint64_t hash) {
  const uint64_t mixed = hash * 0x9E3779B97F4A7C15u;
  return (mixed >> 32) % (part.words.size() / kBlockWords) * kBlockWords;
}

void NameFilter::Add(absl::string_view name) {
  if (parts_.empty() || parts_.back().names == parts_.back().names_max) {
    const size_t names_max = parts_.empty() ? kNamesFirst : parts_.back().names_max * 2;
    Part& part = parts_.emplace_back();
    part.names_max = names_max;
    part.words.resize(names_max / kNamesPerBlock * kBlockWords);
  }
  Part& part = parts_.back();
  ++part.names;
  const uint64_t hash = HashOf(name);
  const std::array<uint64_t, kBlockWords> bits = BitsOf(hash);
  const size_t block = BlockOf(part, hash);
  for (size_t i = 0; i < kBlockWords; ++i) {
    part.words[block + i] |= bits[i];
  }
}

bool NameFilter::MayContain(absl::string_view name) const {
  const uint64_t hash = HashOf(name);
  const std::array<uint64_t, kBlockWords> bits = BitsOf(hash);
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    const size_t block = BlockOf(part, hash);
    uint64_t missing = 0;
    for (size_t i = 0; i < kBlockWords; ++i) {
      missing |= bits[i] & ~part.words[block + i];
    }
    return missing == 0;
  });
}

}  // namespace itemized
