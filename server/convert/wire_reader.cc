// SPDX-License-Identifier: Apache-2.0
#include "server/convert/wire_reader.h"

#include <cstddef>
#include <cstring>

namespace itemized::server {
namespace {

constexpr size_t kVarintBytesMax = 10;
constexpr uint64_t kFieldNumberMax = (uint64_t{1} << 29) - 1;

bool ReadLongVarint(absl::string_view& bytes, uint64_t& value) {
  uint64_t result = 0;
  if (bytes.size() >= sizeof(result)) {
    std::memcpy(&result, bytes.data(), sizeof(result));
    if (const ShortVarint found = ReadShortVarint(result); found.size != 0) {
      bytes.remove_prefix(found.size);
      value = found.value;
      return true;
    }
    result = 0;
  }
  for (size_t i = 0; i < bytes.size() && i < kVarintBytesMax; ++i) {
    const uint64_t byte = static_cast<unsigned char>(bytes[i]);
    result |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      value = result;
      return true;
    }
  }
  return false;
}

}  // namespace

bool ReadVarint(absl::string_view& bytes, uint64_t& value) {
  if (!bytes.empty() && static_cast<unsigned char>(bytes[0]) < 0x80) {
    value = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    return true;
  }
  return ReadLongVarint(bytes, value);
}

bool WireReader::NextAny() {
  if (!ok_ || rest_.empty()) {
    return false;
  }
  uint64_t tag = 0;
  if (!ReadVarint(rest_, tag)) {
    return Fail();
  }
  const uint64_t number = tag >> 3;
  if (number == 0 || number > kFieldNumberMax) {
    return Fail();
  }
  number_ = static_cast<uint32_t>(number);
  kind_ = static_cast<Kind>(tag & 7);
  return ReadValue() || Fail();
}

bool WireReader::ReadValue() {
  uint64_t size = 0;
  switch (kind_) {
    case Kind::kVarint:
      return ReadVarint(rest_, varint_);
    case Kind::kFixed64:
      return Take(8);
    case Kind::kFixed32:
      return Take(4);
    case Kind::kBytes:
      return ReadVarint(rest_, size) && Take(size);
  }
  return false;
}

bool WireReader::Take(uint64_t size) {
  if (size > rest_.size()) {
    return false;
  }
  bytes_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::Fail() {
  ok_ = false;
  return false;
}

}  // namespace itemized::server
