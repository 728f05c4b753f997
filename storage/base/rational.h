// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fractions of any size, for money that is multiplied by shares: they are never rounded before they
// are written.

#include "boost/multiprecision/cpp_int.hpp"

#include "storage/base/money.h"

namespace itemized {

using Rational = boost::multiprecision::cpp_rational;

// Returns a whole number as a fraction.
Rational ToRational(Picos whole);

// Returns the whole number that is nearest to `value`, the even one of two. `value` must lie within
// 128 bits.
Picos RoundHalfEven(const Rational& value);

// Returns the least whole number that is not below `value`, which must lie within 128 bits.
Picos RoundUp(const Rational& value);

}  // namespace itemized
