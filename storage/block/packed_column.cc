// SPDX-License-Identifier: Apache-2.0
#include "storage/block/packed_column.h"

#include "storage/base/check.h"

namespace itemized {

size_t PackedSize(size_t values, int bits) {
  return 1 + (values * static_cast<size_t>(bits) + 7) / 8;
}

void AppendPacked(absl::Span<const uint64_t> values, int bits, std::string* out) {
  CHECK(bits >= 1 && bits <= kPackedBitsMax);
  const size_t begin = out->size();
  const size_t size = PackedSize(values.size(), bits);
  out->resize(begin + size + sizeof(uint64_t));  // Eight bytes are written at a time.
  char* at = out->data() + begin;
  *at++ = static_cast<char>(bits);
  uint64_t open = 0;  // Bits that do not fill a byte yet.
  int open_bits = 0;
  for (const uint64_t value : values) {
    open |= value << open_bits;
    open_bits += bits;
    std::memcpy(at, &open, sizeof(open));
    const int whole = open_bits & ~7;
    at += whole / 8;
    open >>= whole;
    open_bits -= whole;
  }
  std::memcpy(at, &open, sizeof(open));
  out->resize(begin + size);
}

std::optional<PackedValues> PackedValues::Open(absl::string_view bytes, size_t count) {
  if (bytes.empty()) {
    return std::nullopt;
  }
  const int bits = static_cast<uint8_t>(bytes[0]);
  if (bits < 1 || bits > kPackedBitsMax || bytes.size() != PackedSize(count, bits)) {
    return std::nullopt;
  }
  return PackedValues(bytes.substr(1), count, bits);
}

}  // namespace itemized
