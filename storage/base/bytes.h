#pragma once

// The integers of persisted rows and keys. Append functions write at the end
// of `*out`. Read functions take an integer from the front of `*in` and advance
// it; at truncated or malformed input they return false and change nothing.
//
// A varint is LEB128: seven bits to the byte, the lowest first. Zigzag maps
// 0, -1, 1, -2, ... to 0, 1, 2, 3, ... so that small negatives stay short. Each
// number has one form only: readers refuse varints that end in a zero byte.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace itemized {

// Writes a varint at `out`, which has room for kVarintBytesMax; returns its end.
inline constexpr size_t kVarintBytesMax = 10;
inline char* WriteVarint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

inline void AppendVarint(std::string* out, uint64_t value) {
  char bytes[kVarintBytesMax];
  out->append(bytes, static_cast<size_t>(WriteVarint(bytes, value) - bytes));
}
void AppendVarint128(std::string* out, absl::uint128 value);
inline void AppendZigzag(std::string* out, int64_t value) {
  const uint64_t sign = value < 0 ? ~uint64_t{0} : 0;
  AppendVarint(out, (static_cast<uint64_t>(value) << 1) ^ sign);
}
void AppendZigzag128(std::string* out, absl::int128 value);

[[nodiscard]] bool ReadVarint(absl::string_view* in, uint64_t* value);
[[nodiscard]] bool ReadVarint32(absl::string_view* in, uint32_t* value);  // Refuses larger values.
[[nodiscard]] bool ReadVarint128(absl::string_view* in, absl::uint128* value);
[[nodiscard]] bool ReadZigzag(absl::string_view* in, int64_t* value);
[[nodiscard]] bool ReadZigzag128(absl::string_view* in, absl::int128* value);

// A varint of the size, then the bytes. The view read points into `*in`.
void AppendSized(std::string* out, absl::string_view bytes);
[[nodiscard]] bool ReadSized(absl::string_view* in, absl::string_view* bytes);

// Of fixed size, and in keys: their order as bytes is that of the numbers.
void AppendBigEndian32(std::string* out, uint32_t value);
void AppendBigEndian64(std::string* out, uint64_t value);

[[nodiscard]] bool ReadBigEndian32(absl::string_view* in, uint32_t* value);
[[nodiscard]] bool ReadBigEndian64(absl::string_view* in, uint64_t* value);

}  // namespace itemized
