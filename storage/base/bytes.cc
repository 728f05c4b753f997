// SPDX-License-Identifier: Apache-2.0
#include "storage/base/bytes.h"

#include <cstddef>
#include <limits>

namespace itemized {
namespace {

constexpr int kPayloadBits = 7;
constexpr uint8_t kMoreFollows = 0x80;

template <typename Unsigned>
void AppendLeb128(std::string* out, Unsigned value) {
  char buffer[(std::numeric_limits<Unsigned>::digits + kPayloadBits - 1) / kPayloadBits];
  size_t size = 0;
  while (value >= kMoreFollows) {
    buffer[size++] = static_cast<char>(static_cast<uint8_t>(value) | kMoreFollows);
    value >>= kPayloadBits;
  }
  buffer[size++] = static_cast<char>(static_cast<uint8_t>(value));
  out->append(buffer, size);
}

template <typename Unsigned>
bool ReadLeb128(absl::string_view* in, Unsigned* value) {
  constexpr int kBits = std::numeric_limits<Unsigned>::digits;
  Unsigned result = 0;
  size_t size = 0;
  for (int shift = 0; shift < kBits && size < in->size(); shift += kPayloadBits) {
    const uint8_t byte = static_cast<uint8_t>((*in)[size++]);
    const uint8_t payload = byte & (kMoreFollows - 1);
    const Unsigned shifted = static_cast<Unsigned>(payload) << shift;
    if ((shifted >> shift) != static_cast<Unsigned>(payload)) {
      return false;  // Does not fit.
    }
    result |= shifted;
    if (byte < kMoreFollows) {
      if (byte == 0 && size > 1) {
        return false;  // A shorter form exists.
      }
      in->remove_prefix(size);
      *value = result;
      return true;
    }
  }
  return false;
}

template <typename Unsigned>
void AppendFixed(std::string* out, Unsigned value) {
  char buffer[sizeof(Unsigned)];
  for (size_t i = sizeof(Unsigned); i-- > 0; value >>= 8) {
    buffer[i] = static_cast<char>(static_cast<uint8_t>(value));
  }
  out->append(buffer, sizeof(buffer));
}

template <typename Unsigned>
bool ReadFixed(absl::string_view* in, Unsigned* value) {
  if (in->size() < sizeof(Unsigned)) {
    return false;
  }
  Unsigned result = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) {
    result = (result << 8) | static_cast<uint8_t>((*in)[i]);
  }
  in->remove_prefix(sizeof(Unsigned));
  *value = result;
  return true;
}

}  // namespace

std::string Varints(absl::Span<const uint64_t> values) {
  std::string varints(values.size() * kVarintBytesMax, '\0');
  char* end = varints.data();
  for (const uint64_t value : values) {
    end = WriteVarint(end, value);
  }
  varints.resize(static_cast<size_t>(end - varints.data()));
  return varints;
}

void AppendVarint128(std::string* out, absl::uint128 value) {
  AppendLeb128(out, value);
}

bool ReadVarint32(absl::string_view* in, uint32_t* value) {
  uint64_t wide = 0;
  if (!ReadVarint(in, &wide) || wide > UINT32_MAX) {
    return false;
  }
  *value = static_cast<uint32_t>(wide);
  return true;
}

void AppendZigzag128(std::string* out, absl::int128 value) {
  const absl::uint128 sign = value < 0 ? ~absl::uint128(0) : absl::uint128(0);
  AppendVarint128(out, (static_cast<absl::uint128>(value) << 1) ^ sign);
}

bool ReadVarint128(absl::string_view* in, absl::uint128* value) {
  return ReadLeb128(in, value);
}

bool ReadZigzag(absl::string_view* in, int64_t* value) {
  uint64_t raw = 0;
  if (!ReadVarint(in, &raw)) {
    return false;
  }
  *value = FromZigzag(raw);
  return true;
}

bool ReadZigzag128(absl::string_view* in, absl::int128* value) {
  absl::uint128 raw = 0;
  if (!ReadVarint128(in, &raw)) {
    return false;
  }
  const absl::uint128 sign = (raw & 1) != 0 ? ~absl::uint128(0) : absl::uint128(0);
  *value = static_cast<absl::int128>((raw >> 1) ^ sign);
  return true;
}

void AppendSized(std::string* out, absl::string_view bytes) {
  AppendVarint(out, bytes.size());
  out->append(bytes.data(), bytes.size());
}

bool ReadSized(absl::string_view* in, absl::string_view* bytes) {
  absl::string_view rest = *in;
  uint64_t size = 0;
  if (!ReadVarint(&rest, &size) || size > rest.size()) {
    return false;
  }
  *bytes = rest.substr(0, size);
  in->remove_prefix(in->size() - rest.size() + size);
  return true;
}

void AppendBigEndian32(std::string* out, uint32_t value) {
  AppendFixed(out, value);
}

void AppendBigEndian64(std::string* out, uint64_t value) {
  AppendFixed(out, value);
}

bool ReadBigEndian32(absl::string_view* in, uint32_t* value) {
  return ReadFixed(in, value);
}

bool ReadBigEndian64(absl::string_view* in, uint64_t* value) {
  return ReadFixed(in, value);
}

}  // namespace itemized
