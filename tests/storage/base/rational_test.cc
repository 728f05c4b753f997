// SPDX-License-Identifier: Apache-2.0
#include "storage/base/rational.h"

#include <gtest/gtest.h>

namespace itemized {
namespace {

TEST(Rational, RoundsHalvesToTheEvenNumberOnBothSidesOfZero) {
  EXPECT_EQ(RoundHalfEven(Rational(1, 2)), Picos(0));
  EXPECT_EQ(RoundHalfEven(Rational(3, 2)), Picos(2));
  EXPECT_EQ(RoundHalfEven(Rational(5, 2)), Picos(2));
  EXPECT_EQ(RoundHalfEven(Rational(-1, 2)), Picos(0));
  EXPECT_EQ(RoundHalfEven(Rational(-3, 2)), Picos(-2));
  EXPECT_EQ(RoundHalfEven(Rational(7, 3)), Picos(2));
  EXPECT_EQ(RoundHalfEven(Rational(-8, 3)), Picos(-3));
}

TEST(Rational, RoundsUpToTheNextWholeNumber) {
  EXPECT_EQ(RoundUp(Rational(7, 3)), Picos(3));
  EXPECT_EQ(RoundUp(Rational(6, 3)), Picos(2));
  EXPECT_EQ(RoundUp(Rational(-7, 3)), Picos(-2));
}

TEST(Rational, KeepsWhatLiesBeyond64Bits) {
  const Picos large = (Picos(1) << 120) + 1;
  EXPECT_EQ(RoundHalfEven(ToRational(large)), large);
  EXPECT_EQ(RoundHalfEven(ToRational(-large)), -large);
  Rational product = 1;
  for (int i = 0; i < 50; ++i) {
    product *= Rational(999'999'999'999, 1'000'000'000'000);
  }
  EXPECT_EQ(RoundHalfEven(product * ToRational(large) / product), large);
}

}  // namespace
}  // namespace itemized
