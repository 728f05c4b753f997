// SPDX-License-Identifier: Apache-2.0
#pragma once

// The integers of persisted rows and keys. Append functions write at the end
// of `*out`. Read functions take an integer from the front of `*in` and advance
// it; at truncated or malformed input they return false and change nothing.
//
// A varint is LEB128: seven bits to the byte, the lowest first. Zigzag maps
// 0, -1, 1, -2, ... to 0, 1, 2, 3, ... so that small negatives stay short. Each
// number has one form only: readers refuse varints that end in a zero byte.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/strong_id.h"

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
// Returns the varints of `values`, one behind the other.
std::string Varints(absl::Span<const uint64_t> values);
inline uint64_t ToZigzag(int64_t value) {
  const uint64_t sign = value < 0 ? ~uint64_t{0} : 0;
  return (static_cast<uint64_t>(value) << 1) ^ sign;
}
inline void AppendZigzag(std::string* out, int64_t value) {
  AppendVarint(out, ToZigzag(value));
}
void AppendZigzag128(std::string* out, absl::int128 value);
inline int64_t FromZigzag(uint64_t raw) {
  const uint64_t sign = (raw & 1) != 0 ? ~uint64_t{0} : 0;
  return static_cast<int64_t>((raw >> 1) ^ sign);
}

[[nodiscard]] inline bool ReadVarint(absl::string_view* in, uint64_t* value) {
  const char* at = in->data();
  const char* const end = at + in->size();
  uint64_t result = 0;
  for (int shift = 0; shift < 64 && at < end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    result |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) {
        return false;  // A shorter form exists, or it does not fit.
      }
      *in = absl::string_view(at, static_cast<size_t>(end - at));
      *value = result;
      return true;
    }
  }
  return false;
}
// Reads `count` varints to `out` and advances `*in` behind them; false if one is malformed
// or does not fit a T, an integer of at most 64 bits.
template <typename T>
[[nodiscard]] bool ReadVarints(absl::string_view* in, size_t count, T* out);

[[nodiscard]] bool ReadVarint32(absl::string_view* in, uint32_t* value);  // Refuses larger values.
[[nodiscard]] bool ReadVarint128(absl::string_view* in, absl::uint128* value);
[[nodiscard]] bool ReadZigzag(absl::string_view* in, int64_t* value);
[[nodiscard]] bool ReadZigzag128(absl::string_view* in, absl::int128* value);

// Sized bytes are a varint of their number, then the bytes. The view read points into `*in`.
void AppendSized(std::string* out, absl::string_view bytes);
[[nodiscard]] bool ReadSized(absl::string_view* in, absl::string_view* bytes);

// Integers of fixed size, for keys: the order of their bytes is the order of the numbers.
void AppendBigEndian32(std::string* out, uint32_t value);
void AppendBigEndian64(std::string* out, uint64_t value);

[[nodiscard]] bool ReadBigEndian32(absl::string_view* in, uint32_t* value);
[[nodiscard]] bool ReadBigEndian64(absl::string_view* in, uint64_t* value);

// These read an id that was stored as its number.
template <typename Tag>
[[nodiscard]] bool ReadVarintId(absl::string_view* in, StrongId<Tag>* id) {
  uint32_t value = 0;
  if (!ReadVarint32(in, &value)) {
    return false;
  }
  *id = StrongId<Tag>(value);
  return true;
}
template <typename Tag>
[[nodiscard]] bool ReadBigEndianId(absl::string_view* in, StrongId<Tag>* id) {
  uint32_t value = 0;
  if (!ReadBigEndian32(in, &value)) {
    return false;
  }
  *id = StrongId<Tag>(value);
  return true;
}

// Reads a varint of at most eight bytes from the front of `eight`, bytes of memory in their order.
// No branch depends on the size of the varint, since the processor would guess it wrong. It is
// inlined, for it is called for each number of each call, and a call would be a good part of it.
static_assert(std::endian::native == std::endian::little);
struct ShortVarint {
  uint64_t value = 0;
  size_t size = 0;  // 0: the varint has more than eight bytes.
};
[[gnu::always_inline]] inline ShortVarint ReadShortVarint(uint64_t eight) {
  const uint64_t ends = ~eight & 0x8080808080808080u;
  if (ends == 0) {
    return {};
  }
  // Keeps all bits up to the end of the first byte that is below 0x80.
  uint64_t value = eight & (ends ^ (ends - 1)) & 0x7F7F7F7F7F7F7F7Fu;
  value = ((value & 0x7F007F007F007F00u) >> 1) | (value & 0x007F007F007F007Fu);
  value = ((value & 0x3FFF00003FFF0000u) >> 2) | (value & 0x00003FFF00003FFFu);
  value = ((value & 0x0FFFFFFF00000000u) >> 4) | (value & 0x000000000FFFFFFFu);
  return {value, static_cast<size_t>(__builtin_ctzll(ends)) / 8 + 1};
}

template <typename T>
bool ReadVarints(absl::string_view* in, size_t count, T* out) {
  constexpr size_t kAtOnce = sizeof(uint64_t);
  bool is_good = true;
  absl::string_view rest =
      *in;  // A copy: for all the compiler knows, writing `*out` changes `*in`.
  T* const end = out + count;
  while (out != end) {
    uint64_t eight = 0;
    ShortVarint found;
    if (rest.size() >= kAtOnce) {
      std::memcpy(&eight, rest.data(), sizeof(eight));
      if ((eight & 0x8080808080808080u) == 0 && static_cast<size_t>(end - out) >= kAtOnce) {
        for (size_t i = 0; i < kAtOnce; ++i) {
          out[i] = static_cast<T>((eight >> (8 * i)) & 0xFF);
        }
        out += kAtOnce;
        rest.remove_prefix(kAtOnce);
        continue;
      }
      found = ReadShortVarint(eight);
    }
    uint64_t value = found.value;
    if (found.size != 0) {
      // A varint that is longer than its value needs is malformed: a shorter form exists.
      is_good &= found.size == 1 || (value >> (7 * (found.size - 1))) != 0;
      rest.remove_prefix(found.size);
    } else if (!ReadVarint(&rest, &value)) {
      return false;
    }
    *out = static_cast<T>(value);
    is_good &= static_cast<uint64_t>(*out++) == value;
  }
  *in = rest;
  return is_good;
}

}  // namespace itemized
