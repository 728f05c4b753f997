// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers that the compiler tells apart.

#include <compare>
#include <cstdint>
#include <utility>

namespace itemized {

// A 32-bit number of one kind of thing, which is never taken for one of another kind, nor for a
// plain integer: it is made by name and read by value(). `Tag` names the kind and needs no
// definition. It can be counted up, as ids without a gap are, but not calculated with. A plain
// value, 0 unless said otherwise; it is as large and as fast as the uint32_t in it.
template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(uint32_t value) : value_(value) {}

  // The largest number, which stands for none or for all where its user says so.
  static constexpr StrongId Max() { return StrongId(UINT32_MAX); }

  constexpr uint32_t value() const { return value_; }

  constexpr StrongId& operator++() {
    ++value_;
    return *this;
  }
  constexpr StrongId operator++(int) { return std::exchange(*this, StrongId(value_ + 1)); }

  friend constexpr bool operator==(StrongId, StrongId) = default;
  friend constexpr auto operator<=>(StrongId, StrongId) = default;

  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  uint32_t value_ = 0;
};

}  // namespace itemized
