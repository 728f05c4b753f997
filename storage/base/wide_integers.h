// SPDX-License-Identifier: Apache-2.0
#pragma once

// Amounts as whole numbers of Boost.Multiprecision, and back.

#include <cstdint>

#include "storage/base/money.h"

namespace itemized {

// Returns an amount as an `Integer`, a signed type of more than 128 bits.
template <typename Integer>
Integer ToWide(Picos value) {
  const Integer high = absl::Int128High64(value);
  return (high << 64) + absl::Int128Low64(value);
}

// Returns a whole number, which lies within 128 bits, as an amount.
template <typename Integer>
Picos ToPicos(const Integer& value) {
  const Integer size = value < 0 ? Integer(-value) : value;
  const auto high = static_cast<uint64_t>(Integer(size >> 64));
  const auto low = static_cast<uint64_t>(Integer(size & UINT64_MAX));
  const Picos picos = absl::MakeInt128(static_cast<int64_t>(high), low);
  return value < 0 ? -picos : picos;
}

}  // namespace itemized
