// SPDX-License-Identifier: Apache-2.0
#include "storage/base/keyed_hash.h"

#include <gtest/gtest.h>

namespace itemized {
namespace {

// The expected values: what CPython 3.11, whose hash of bytes is SipHash-1-3, says under
// PYTHONHASHSEED=0, where the key is 0.
TEST(KeyedHash, IsSipHash13OfTheTextAndTheByte) {
  EXPECT_EQ(KeyedHash({0, 0}, "", 0), 0x68a914128e01e473U);
  EXPECT_EQ(KeyedHash({0, 0}, "x-", 2), 0x0691b075e7d80a9eU);
  EXPECT_EQ(KeyedHash({0, 0}, "abcdefg", 3), 0x4cda3871c6375dc4U);
  EXPECT_EQ(KeyedHash({0, 0}, "abcdefgh", 15), 0x8bf26a6d9d176078U);
}

TEST(KeyedHash, IsAnotherUnderAnotherKey) {
  EXPECT_NE(KeyedHash({0, 1}, "x-", 2), KeyedHash({0, 0}, "x-", 2));
  EXPECT_NE(KeyedHash({1, 0}, "x-", 2), KeyedHash({0, 0}, "x-", 2));
  EXPECT_NE(RandomHashKey(), RandomHashKey());
}

}  // namespace
}  // namespace itemized
