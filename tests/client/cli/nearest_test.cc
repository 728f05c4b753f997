// SPDX-License-Identifier: Apache-2.0
#include "client/cli/nearest.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EditDistance, CountsWhatHasToChange) {
  EXPECT_EQ(EditDistance("", ""), 0U);
  EXPECT_EQ(EditDistance("top", "TOP"), 0U);
  EXPECT_EQ(EditDistance("", "top"), 3U);
  EXPECT_EQ(EditDistance("tpo", "top"), 1U);
  EXPECT_EQ(EditDistance("planing", "planning"), 1U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(EditDistance("sitting", "kitten"), 3U);
}

TEST(Nearest, AreTheNearestFirstAndFewOnly) {
  EXPECT_THAT(Nearest("planing", {"research", "planning", "planting"}),
              ElementsAre("planning", "planting"));
  EXPECT_THAT(Nearest("doc", {"doc_synthesis", "plan"}), ElementsAre("doc_synthesis"));
  EXPECT_THAT(Nearest("nosuch", {"planning", ""}), IsEmpty());
  EXPECT_THAT(Nearest("aa", {"ab", "ac", "ad", "ae"}), ElementsAre("ab", "ac", "ad"));
}

TEST(DidYouMean, IsASentenceOrNothing) {
  EXPECT_EQ(DidYouMean("tpo", {"top", "show"}), " Did you mean \"top\"?");
  EXPECT_EQ(DidYouMean("xyz", {"top", "show"}), "");
}

}  // namespace
}  // namespace itemized::cli
