// SPDX-License-Identifier: Apache-2.0
#pragma once

// WireReader reads the protobuf wire format field by field, without copying. It is for messages
// that the generated parser would refuse as a whole or copy more often than needed.
//
//   WireReader reader(bytes);
//   while (reader.Next()) {
//     if (reader.number() == 1 && reader.is_bytes()) name = reader.bytes();
//   }
//   if (!reader.ok()) ...  // The bytes are no message.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

#include "storage/base/bytes.h"

namespace itemized::server {

// The views handed out point into the bytes that were given. Not thread-safe.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes) : rest_(bytes) {}

  // Reads the next field. Returns false at the end or when the bytes are malformed.
  // Groups, which proto3 does not have, count as malformed.
  bool Next() { return NextShort() || NextLong() || NextAny(); }
  bool ok() const { return ok_; }

  uint32_t number() const { return number_; }
  bool is_varint() const { return kind_ == Kind::kVarint; }
  bool is_bytes() const { return kind_ == Kind::kBytes; }
  // A number of 64 bits, which bytes() has as it stands.
  bool is_fixed64() const { return kind_ == Kind::kFixed64; }
  // Each has a meaning only if the field is of its kind.
  uint64_t varint() const { return varint_; }
  absl::string_view bytes() const { return bytes_; }

 private:
  enum class Kind : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  // Most fields begin with a byte for their number, and one or two for their size or value.
  bool NextShort() {
    if (!ok_ || rest_.size() < 3) {
      return false;
    }
    const uint64_t first = static_cast<uint8_t>(rest_[1]);
    if (first < 0x80) {
      return TakeField(first, 2);
    }
    const uint64_t second = static_cast<uint8_t>(rest_[2]);
    return second < 0x80 && TakeField((first & 0x7F) | second << 7, 3);
  }
  // Nearly all of the rest have one of up to eight bytes, instants among them.
  bool NextLong() {
    uint64_t eight = 0;
    if (!ok_ || rest_.size() < 1 + sizeof(eight)) {
      return false;
    }
    std::memcpy(&eight, rest_.data() + 1, sizeof(eight));
    const ShortVarint found = ReadShortVarint(eight);
    return found.size != 0 && TakeField(found.value, 1 + found.size);
  }
  // Takes a field whose number takes a byte, with this size or value, which ends at `begin`.
  // Returns false, and does nothing, if it is another kind of field or longer than the rest.
  bool TakeField(uint64_t value, size_t begin) {
    const auto tag = static_cast<uint8_t>(rest_[0]);
    const auto kind = static_cast<Kind>(tag & 7);
    const size_t taken = kind == Kind::kBytes ? value : 0;
    if (tag < 8 || tag >= 0x80 || taken > rest_.size() - begin ||
        (kind != Kind::kBytes && kind != Kind::kVarint)) {
      return false;
    }
    number_ = tag >> 3;
    kind_ = kind;
    varint_ = value;
    bytes_ = rest_.substr(begin, taken);
    rest_.remove_prefix(begin + taken);
    return true;
  }
  bool NextAny();
  bool ReadValue();
  bool Take(uint64_t size);
  bool Fail();

  absl::string_view rest_;
  absl::string_view bytes_;
  uint64_t varint_ = 0;
  uint32_t number_ = 0;
  Kind kind_ = Kind::kVarint;
  bool ok_ = true;
};

// Takes one varint off the front of `bytes`. Returns false if there is none.
bool ReadVarint(absl::string_view& bytes, uint64_t& value);

inline int64_t DecodeZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// Counts the elements that the present field of a repeated number holds, if none is malformed.
inline size_t CountNumbers(const WireReader& reader) {
  const absl::string_view packed = reader.is_bytes() ? reader.bytes() : absl::string_view();
  const auto is_last = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
  return reader.is_varint()
             ? 1
             : static_cast<size_t>(std::count_if(packed.begin(), packed.end(), is_last));
}

// Calls `append(uint64_t)` for every element that the present field of a
// repeated number holds, packed or not. Returns false if one is malformed.
template <typename Append>
bool ReadNumbers(const WireReader& reader, Append append) {
  if (reader.is_varint()) {
    append(reader.varint());
    return true;
  }
  if (!reader.is_bytes()) {
    return true;
  }
  absl::string_view packed = reader.bytes();
  while (!packed.empty()) {
    uint64_t value = 0;
    if (packed.size() >= sizeof(value)) {
      std::memcpy(&value, packed.data(), sizeof(value));
      if ((value & 0x8080808080808080u) ==
          0) {  // These are eight numbers, as indices of names often are.
        for (size_t i = 0; i < sizeof(value); ++i) {
          append((value >> (8 * i)) & 0xFF);
        }
        packed.remove_prefix(sizeof(value));
        continue;
      }
      if (const ShortVarint found = ReadShortVarint(value); found.size != 0) {
        packed.remove_prefix(found.size);
        append(found.value);
        continue;
      }
    }
    if (!ReadVarint(packed, value)) {
      return false;
    }
    append(value);
  }
  return true;
}

}  // namespace itemized::server
