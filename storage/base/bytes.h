#pragma once

// The integers of persisted rows and keys. Append functions write at the end
// of `*out`. Read functions take an integer from the front of `*in` and advance
// it; at truncated or malformed input they return false and change nothing.
//
// A varint is LEB128: seven bits to the byte, the lowest first. Zigzag maps
// 0, -1, 1, -2, ... to 0, 1, 2, 3, ... so that small negatives stay short. Each
// number has one form only: readers refuse varints that end in a zero byte.

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace itemized {

void AppendVarint(std::string* out, uint64_t value);
void AppendVarint128(std::string* out, absl::uint128 value);
void AppendZigzag(std::string* out, int64_t value);
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
