// SPDX-License-Identifier: Apache-2.0
#include "storage/base/time.h"

#include <ctime>
#include <random>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace itemized {
namespace {

constexpr int64_t kNovemberUs = 1'793'491'200 * kMicrosPerSecond;  // 2026-11-01T00:00:00Z

absl::TimeZone Zone(int hours, int minutes) {
  return absl::FixedTimeZone(hours * 3600 + minutes * 60);
}

void ExpectRefused(absl::string_view text) {
  const absl::StatusOr<int64_t> time = ParseTime(text);
  EXPECT_EQ(time.status().code(), absl::StatusCode::kInvalidArgument) << text;
}

TEST(FormatTime, ShowsAsManyFractionDigitsAsNeeded) {
  EXPECT_EQ(FormatTime(kNovemberUs), "2026-11-01T00:00:00Z");
  EXPECT_EQ(FormatTime(kNovemberUs + 123'000), "2026-11-01T00:00:00.123Z");
  EXPECT_EQ(FormatTime(kNovemberUs + 120'000), "2026-11-01T00:00:00.120Z");
  EXPECT_EQ(FormatTime(kNovemberUs + 123'456), "2026-11-01T00:00:00.123456Z");
  EXPECT_EQ(FormatTime(kNovemberUs + 1), "2026-11-01T00:00:00.000001Z");
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00Z");
}

TEST(FormatTime, NamesTheOffsetOfTheZone) {
  EXPECT_EQ(FormatTime(kNovemberUs, Zone(5, 30)), "2026-11-01T05:30:00+05:30");
  EXPECT_EQ(FormatTime(kNovemberUs, Zone(-8, 0)), "2026-10-31T16:00:00-08:00");
  EXPECT_EQ(FormatTime(kNovemberUs + 500'000, Zone(1, 0)), "2026-11-01T01:00:00.500+01:00");
}

TEST(ParseTime, ReadsRfc3339) {
  EXPECT_EQ(*ParseTime("2026-11-01T00:00:00Z"), kNovemberUs);
  EXPECT_EQ(*ParseTime("2026-11-01T05:30:00+05:30"), kNovemberUs);
  EXPECT_EQ(*ParseTime("2026-10-31T16:00:00.25-08:00"), kNovemberUs + 250'000);
  EXPECT_EQ(*ParseTime("2026-11-01t00:00:00.123456z"), kNovemberUs + 123'456);
}

TEST(ParseTime, CutsOffDigitsFinerThanAMicrosecond) {
  EXPECT_EQ(*ParseTime("2026-11-01T00:00:00.123456999Z"), kNovemberUs + 123'456);
}

TEST(ParseTime, ADateMeansItsMidnightInTheZone) {
  EXPECT_EQ(*ParseTime("2026-11-01"), kNovemberUs);
  EXPECT_EQ(*ParseTime("2026-11-01", Zone(5, 30)), kNovemberUs - 330 * 60 * kMicrosPerSecond);
}

TEST(ParseTime, AnOffsetInTheTextOutweighsTheZone) {
  EXPECT_EQ(*ParseTime("2026-11-01T00:00:00Z", Zone(5, 30)), kNovemberUs);
}

TEST(ParseTime, ReadsBackWhatFormatTimeWrote) {
  std::mt19937_64 random(2);
  std::uniform_int_distribution<int64_t> any(kTimeMinUs, kTimeMaxUs - 1);
  for (int i = 0; i < 1000; ++i) {
    const int64_t time_us = any(random);
    EXPECT_EQ(*ParseTime(FormatTime(time_us)), time_us);
    EXPECT_EQ(*ParseTime(FormatTime(time_us, Zone(-3, -30))), time_us);
  }
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "infinite-future", "infinite-past", "2026-11", "2026-13-01", "2026-02-30",
        "2026-11-01T", "2026-11-01T00:00:00", "2026-11-01 00:00:00Z", " 2026-11-01", "2026-11-01 ",
        "2026-11-01T25:00:00Z", "2026-11-01T00:00:00Z ", "2026-11-1", "-026-11-01", "02026-11-01",
        "2026-11-01Z", "1793491200"}) {
    ExpectRefused(text);
  }
  ExpectRefused(absl::string_view("2026-11-01T00:00:00Z\0junk", 25));
}

TEST(ParseTime, AcceptsExactlyTheInstantsThatCanBeStored) {
  EXPECT_EQ(*ParseTime("1970-01-01"), kTimeMinUs);
  EXPECT_EQ(*ParseTime("2199-12-31T23:59:59.999999Z"), kTimeMaxUs - 1);
  ExpectRefused("1969-12-31T23:59:59.999999Z");
  ExpectRefused("2200-01-01");
  ExpectRefused("9999-12-31");
}

TEST(ParseTime, TheRefusalShowsTheTextAndHowToMendIt) {
  const std::string message(ParseTime("yesterday").status().message());
  EXPECT_TRUE(absl::StrContains(message, "\"yesterday\" is not a time")) << message;
  EXPECT_TRUE(absl::StrContains(message, "2026-11-01T09:30:00Z")) << message;
}

TEST(ParseSpan, ReadsAWholeNumberOfUnits) {
  EXPECT_EQ(*ParseSpan("45s"), 45 * kMicrosPerSecond);
  EXPECT_EQ(*ParseSpan("90m"), 90 * 60 * kMicrosPerSecond);
  EXPECT_EQ(*ParseSpan("24h"), kMicrosPerDay);
  EXPECT_EQ(*ParseSpan("30d"), 30 * kMicrosPerDay);
  EXPECT_EQ(*ParseSpan("2w"), 14 * kMicrosPerDay);
}

TEST(ParseSpan, RefusesEverythingElse) {
  for (const char* text : {"", "d", "30", "0d", "-1d", "+1d", "1.5h", " 1d", "1d ", "1 d", "1y",
                           "1D", "84007d", "99999999999999999999d", "9223372036854775807w"}) {
    EXPECT_EQ(ParseSpan(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(*ParseSpan("84006d"), kTimeMaxUs);
}

TEST(Time, HoursAndDaysCountFromTheEpoch) {
  EXPECT_EQ(HourOf(0), Hour(0));
  EXPECT_EQ(HourOf(kMicrosPerHour - 1), Hour(0));
  EXPECT_EQ(HourOf(kMicrosPerHour), Hour(1));
  EXPECT_EQ(DayOf(kNovemberUs), Day(20'758));
  EXPECT_EQ(DayStartUs(DayOf(kNovemberUs + 1)), kNovemberUs);
  EXPECT_EQ(HourStartUs(HourOf(kTimeMaxUs - 1)) + kMicrosPerHour, kTimeMaxUs);
}

TEST(TimeRange, HoldsItsStartButNotItsEnd) {
  const TimeRange range{10, 20};
  EXPECT_FALSE(range.Contains(9));
  EXPECT_TRUE(range.Contains(10));
  EXPECT_TRUE(range.Contains(19));
  EXPECT_FALSE(range.Contains(20));
  EXPECT_TRUE((TimeRange{10, 10}.empty()));
}

TEST(Clock, TheSystemClockTellsTheWallClockInMicroseconds) {
  const int64_t wall_us = int64_t{std::time(nullptr)} * kMicrosPerSecond;
  EXPECT_GT(Clock::System()->NowUs(), wall_us - kMicrosPerHour);
  EXPECT_LT(Clock::System()->NowUs(), wall_us + kMicrosPerHour);
}

}  // namespace
}  // namespace itemized
