// SPDX-License-Identifier: Apache-2.0
#include "storage/query/rims.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

// The two halves of a list have one piece of each of its ranges, cut where an hour begins.
void ExpectCut(const std::vector<TimeRange>& whole, const std::vector<TimeRange>& first,
               const std::vector<TimeRange>& second) {
  ASSERT_EQ(first.size(), whole.size());
  ASSERT_EQ(second.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(first[i].start_us, whole[i].start_us);
    EXPECT_EQ(first[i].end_us, second[i].start_us);
    EXPECT_EQ(second[i].end_us, whole[i].end_us);
    EXPECT_LE(first[i].start_us, first[i].end_us);
    EXPECT_LE(second[i].start_us, second[i].end_us);
    EXPECT_TRUE(first[i].empty() || second[i].empty() || first[i].end_us % kMicrosPerHour == 0);
  }
}

TEST(Rims, AreHalvedWhereAnHourBegins) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1'000; ++round) {
    const auto start_us = static_cast<int64_t>(random() % (1'000 * kMicrosPerDay));
    const auto length_us = static_cast<int64_t>(random() % (20 * kMicrosPerDay));
    const Rims rims = SplitByDays({start_us, start_us + length_us}).rims;
    const std::array<Rims, 2> halves = Halve(rims);
    ExpectCut(rims.more, halves[0].more, halves[1].more);
    ExpectCut(rims.less, halves[0].less, halves[1].less);
    EXPECT_LE(std::abs(LengthUs(halves[0]) - LengthUs(halves[1])), 2 * kMicrosPerHour);
  }
}

TEST(Rims, AreTheShorterSideOfEachDayThatIsCut) {
  const int64_t day_us = 20 * kMicrosPerDay;
  const DayParts parts = SplitByDays({day_us + 5 * kMicrosPerHour, day_us + 50 * kMicrosPerHour});
  EXPECT_EQ(parts.first, 20U);
  EXPECT_EQ(parts.end, 22U);
  ASSERT_EQ(parts.rims.more.size(), 1U);
  EXPECT_EQ(parts.rims.more[0].start_us, day_us + 48 * kMicrosPerHour);
  EXPECT_EQ(LengthUs({.more = {}, .less = parts.rims.less}), 5 * kMicrosPerHour);
}

}  // namespace
}  // namespace itemized
