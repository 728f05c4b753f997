// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/expression.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

// Computes `text` where a, b and c_1 are 7, 5 and 2.
int64_t Compute(const char* text) {
  return Expression::Parse(text, {{"a", 0}, {"b", 1}, {"c_1", 2}}).Compute({7, 5, 2});
}

TEST(Expression, AddsAndSubtractsFromLeftToRight) {
  EXPECT_EQ(Compute("a"), 7);
  EXPECT_EQ(Compute("a - b - c_1"), 0);
  EXPECT_EQ(Compute("a-b+c_1 + 40"), 44);
  EXPECT_EQ(Compute("0 - 3"), -3);
}

TEST(Expression, CallsFunctionsWithExpressions) {
  EXPECT_EQ(Compute("max(a, b + c_1 + 1)"), 8);
  EXPECT_EQ(Compute("max(max(a, b), 9) - max(b, c_1)"), 4);
  EXPECT_EQ(Compute("where_equal(a - b, c_1, a)"), 7);
  EXPECT_EQ(Compute("where_equal(a, b, c_1)"), 0);
  EXPECT_EQ(Compute("where_less(b, a, 3)"), 3);
  EXPECT_EQ(Compute("where_less(a, a, 3)"), 0);
}

TEST(Expression, NamesWhatItReads) {
  const NameIndexes names = {{"a", 0}, {"b", 1}, {"c", 2}};
  std::vector<size_t> read;
  Expression::Parse("c - max(b, where_less(1, c, 2))", names).AddNames(read);
  EXPECT_EQ(read, (std::vector<size_t>{2, 1, 2}));
}

TEST(ExpressionDeathTest, ATableThatIsWrongIsABugOfOurs) {
  for (const char* text : {"", "a +", "a b", "unknown", "max(a)", "max(a, b", "max(a; b)", "a)"}) {
    EXPECT_DEATH(Compute(text), "") << text;
  }
}

}  // namespace
}  // namespace itemized
