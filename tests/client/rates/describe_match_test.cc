// SPDX-License-Identifier: Apache-2.0
#include "client/rates/describe_match.h"

#include "gtest/gtest.h"

namespace itemized::client {
namespace {

TEST(DescribeMatch, ShowsEachKindAsStorageDoes) {
  v1::ModelMatch match;
  EXPECT_EQ(DescribeMatch(match), "\"\"");
  match.set_equals("gpt-5");
  EXPECT_EQ(DescribeMatch(match), "gpt-5");
  match.set_starts_with("gpt-5");
  EXPECT_EQ(DescribeMatch(match), "gpt-5*");
  match.set_ends_with("-mini");
  EXPECT_EQ(DescribeMatch(match), "*-mini");
  match.set_contains("a b");
  EXPECT_EQ(DescribeMatch(match), "*\"a b\"*");
  match.set_regex("^o[34]");
  EXPECT_EQ(DescribeMatch(match), "/^o[34]/");
}

TEST(DescribeMatch, ShowsCombinationsWithinEachOther) {
  v1::ModelMatch match;
  match.mutable_any_of()->add_matches()->set_equals("a");
  v1::ModelMatch::List* all = match.mutable_any_of()->add_matches()->mutable_all_of();
  all->add_matches()->set_starts_with("b");
  all->add_matches()->set_ends_with("c");
  EXPECT_EQ(DescribeMatch(match), "any(a, all(b*, *c))");
  EXPECT_TRUE(ToModelMatch(match).Matches("b-c"));
  EXPECT_FALSE(ToModelMatch(match).Matches("b"));
}

}  // namespace
}  // namespace itemized::client
