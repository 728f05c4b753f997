// SPDX-License-Identifier: Apache-2.0
#include "storage/query/partial_days.h"

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

// The pieces of a list, one behind the other, are its ranges, cut where an hour begins.
void ExpectCut(const std::vector<TimeRange>& whole, const std::vector<PartialDays>& pieces,
               std::vector<TimeRange> PartialDays::*list) {
  std::vector<TimeRange> joined;
  for (const PartialDays& piece : pieces) {
    for (const TimeRange& range : piece.*list) {
      EXPECT_FALSE(range.empty());
      const bool goes_on = !joined.empty() && joined.back().end_us == range.start_us;
      if (goes_on && range.start_us % kMicrosPerDay != 0) {
        EXPECT_EQ(range.start_us % kMicrosPerHour, 0);
        joined.back().end_us = range.end_us;
      } else {
        joined.push_back(range);
      }
    }
  }
  std::vector<TimeRange> expected = whole;
  std::erase_if(expected, [](const TimeRange& range) { return range.empty(); });
  EXPECT_EQ(joined, expected);
}

TEST(PartialDays, AreDividedEvenlyWhereHoursBegin) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1'000; ++round) {
    const auto start_us = static_cast<int64_t>(random() % (1'000 * kMicrosPerDay));
    const auto length_us = static_cast<int64_t>(random() % (20 * kMicrosPerDay));
    const PartialDays partial = SplitByDays({start_us, start_us + length_us}).partial;
    for (const size_t count : {1U, 2U, 3U, 7U}) {
      const std::vector<PartialDays> pieces = Divide(partial, count);
      ASSERT_EQ(pieces.size(), count);
      ExpectCut(partial.more, pieces, &PartialDays::more);
      ExpectCut(partial.less, pieces, &PartialDays::less);
      for (const PartialDays& piece : pieces) {
        const int64_t share_us = LengthUs(partial) / static_cast<int64_t>(count);
        EXPECT_LE(std::abs(LengthUs(piece) - share_us), kMicrosPerHour + 1);
      }
    }
  }
}

TEST(PartialDays, AreTheShorterSideOfEachDayThatIsCut) {
  const int64_t day_us = 20 * kMicrosPerDay;
  const DayParts parts = SplitByDays({day_us + 5 * kMicrosPerHour, day_us + 50 * kMicrosPerHour});
  EXPECT_EQ(parts.first, Day(20));
  EXPECT_EQ(parts.end, Day(22));
  ASSERT_EQ(parts.partial.more.size(), 1U);
  EXPECT_EQ(parts.partial.more[0].start_us, day_us + 48 * kMicrosPerHour);
  EXPECT_EQ(LengthUs({.more = {}, .less = parts.partial.less}), 5 * kMicrosPerHour);
}

}  // namespace
}  // namespace itemized
