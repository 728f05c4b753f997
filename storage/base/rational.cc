// SPDX-License-Identifier: Apache-2.0
#include "storage/base/rational.h"

#include "storage/base/wide_integers.h"

namespace itemized {
namespace {

using boost::multiprecision::cpp_int;

// The greatest whole number that is not above `value`, and what it leaves of the numerator.
struct Floor {
  cpp_int whole;
  cpp_int rest;
};

Floor FloorOf(const cpp_int& numerator, const cpp_int& denominator) {
  Floor floor;
  boost::multiprecision::divide_qr(numerator, denominator, floor.whole, floor.rest);
  if (floor.rest < 0) {
    floor.rest += denominator;
    --floor.whole;
  }
  return floor;
}

}  // namespace

Rational ToRational(Picos whole) {
  return {ToWide<cpp_int>(whole)};
}

Picos RoundHalfEven(const Rational& value) {
  const cpp_int denominator = boost::multiprecision::denominator(value);
  Floor floor = FloorOf(boost::multiprecision::numerator(value), denominator);
  const cpp_int twice = floor.rest * 2;
  if (twice > denominator || (twice == denominator && floor.whole % 2 != 0)) {
    ++floor.whole;
  }
  return ToPicos(floor.whole);
}

Picos RoundUp(const Rational& value) {
  Floor floor =
      FloorOf(boost::multiprecision::numerator(value), boost::multiprecision::denominator(value));
  if (floor.rest != 0) {
    ++floor.whole;
  }
  return ToPicos(floor.whole);
}

}  // namespace itemized
