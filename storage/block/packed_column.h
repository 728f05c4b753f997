// SPDX-License-Identifier: Apache-2.0
#pragma once

// Columns whose values have the same number of bits each (storage/FORMAT.md, "Column"): any of them
// is found without reading those before it, and all are read without a branch.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace itemized {

// A value and the bits of its first byte that are those of the one before fit eight bytes.
inline constexpr int kPackedBitsMax = 56;

// Appends the bytes of `values`, each of which has at most `bits`, from 1 to kPackedBitsMax.
void AppendPacked(absl::Span<const uint64_t> values, int bits, std::string* out);

// How many bytes those are.
size_t PackedSize(size_t values, int bits);

// Reads what AppendPacked wrote. A plain value, which does not own the bytes.
class PackedValues {
 public:
  // None if `bytes` are not those of `count` values. It does not look at the values themselves.
  static std::optional<PackedValues> Open(absl::string_view bytes, size_t count);

  size_t size() const { return count_; }
  uint64_t operator[](size_t i) const {
    const size_t bit = i * static_cast<size_t>(bits_);
    return (EightBytesAt(bit / 8) >> (bit % 8)) & mask_;
  }

  // Reads the first `count` values to `out`; false if one may not fit a T.
  template <typename T>
  [[nodiscard]] bool Read(size_t count, T* out) const {
    for (size_t i = 0; i < count; ++i) {
      out[i] = static_cast<T>((*this)[i]);
    }
    return Fits<T>();
  }

  // Whether all values fit a T, an integer or an enumeration of one.
  template <typename T>
  bool Fits() const {
    return bits_ <= static_cast<int>(8 * sizeof(T)) - (IsSigned<T>() ? 1 : 0);
  }

 private:
  PackedValues(absl::string_view values, size_t count, int bits)
      : bytes_(values), count_(count), bits_(bits), mask_((uint64_t{1} << bits) - 1) {}

  template <typename T>
  static constexpr bool IsSigned() {
    return std::numeric_limits<T>::is_signed;  // False for enumerations.
  }

  static_assert(std::endian::native == std::endian::little);
  uint64_t EightBytesAt(size_t at) const {
    uint64_t eight = 0;
    if (at + sizeof(eight) <= bytes_.size()) [[likely]] {
      std::memcpy(&eight, bytes_.data() + at, sizeof(eight));
    } else {
      std::memcpy(&eight, bytes_.data() + at, bytes_.size() - at);
    }
    return eight;
  }

  absl::string_view bytes_;
  size_t count_;
  int bits_;
  uint64_t mask_;
};

// Some rows of packed values, which are read as if there were no others. A plain value, which owns
// nothing.
class PackedRows {
 public:
  // `rows` are below values.size().
  PackedRows(const PackedValues& values, absl::Span<const uint32_t> rows)
      : values_(values), rows_(rows) {}

  size_t size() const { return rows_.size(); }

  // It is as PackedValues::Read.
  template <typename T>
  [[nodiscard]] bool Read(size_t count, T* out) const {
    for (size_t i = 0; i < count; ++i) {
      out[i] = static_cast<T>(values_[rows_[i]]);
    }
    return values_.Fits<T>();
  }

 private:
  const PackedValues values_;
  const absl::Span<const uint32_t> rows_;
};

}  // namespace itemized
