// SPDX-License-Identifier: Apache-2.0
#include "server/api/scope_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(ScopeCounts, TheMostFrequentComesFirst) {
  ScopeCounts counts;
  for (const char* scope : {"rare", "often", "", "often"}) {
    counts.Add(scope);
  }
  EXPECT_THAT(counts.Counts(),
              ElementsAre(Pair("often", 2), Pair("(unnamed)", 1), Pair("rare", 1)));
}

TEST(ScopeCounts, ScopesThatFindNoRoomAreCountedTogether) {
  ScopeCounts counts;
  for (size_t scope = 0; scope < ScopeCounts::kNamesMax + 3; ++scope) {
    counts.Add(std::to_string(scope));
  }
  counts.Add("0");
  EXPECT_THAT(counts.Counts(), SizeIs(ScopeCounts::kNamesMax + 1));
  EXPECT_THAT(counts.Counts(), Contains(Pair(ScopeCounts::kOthers, 3)));
  EXPECT_THAT(counts.Counts(), Contains(Pair("0", 2)));
}

}  // namespace
}  // namespace itemized::server
