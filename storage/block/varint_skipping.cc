// SPDX-License-Identifier: Apache-2.0
#include "storage/block/varint_skipping.h"

#include <cstdint>
#include <cstring>

namespace itemized {
namespace {

// Returns how many varints end in eight bytes of memory: each ends with a byte below 0x80.
size_t CountEnds(uint64_t eight) {
  const uint64_t end_bits = (~eight & 0x8080808080808080u) >> 7;
  return (end_bits * 0x0101010101010101u) >> 56;  // The highest byte of the product is their sum.
}

}  // namespace

size_t CountVarints(absl::string_view raw) {
  size_t count = 0;
  for (; raw.size() >= sizeof(uint64_t); raw.remove_prefix(sizeof(uint64_t))) {
    uint64_t eight = 0;
    std::memcpy(&eight, raw.data(), sizeof(eight));
    count += CountEnds(eight);
  }
  for (const char byte : raw) {
    count += static_cast<uint8_t>(byte) < 0x80 ? 1 : 0;
  }
  return count;
}

bool SkipVarints(absl::string_view raw, size_t count, size_t* at) {
  while (count > 0 && raw.size() - *at >= sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, raw.data() + *at, sizeof(eight));
    const size_t ends = CountEnds(eight);
    if (ends >= count) {
      break;
    }
    count -= ends;
    *at += sizeof(eight);
  }
  while (count > 0) {
    if (*at == raw.size()) {
      return false;
    }
    if (static_cast<uint8_t>(raw[(*at)++]) < 0x80) {
      --count;
    }
  }
  return true;
}

}  // namespace itemized
