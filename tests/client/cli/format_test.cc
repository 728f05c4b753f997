// SPDX-License-Identifier: Apache-2.0
#include "client/cli/format.h"

#include <limits>

#include "gtest/gtest.h"

namespace itemized::cli {
namespace {

struct Case {
  const char* usd;
  const char* expected;
};

TEST(Money, HasTheDigitsThatPeopleNeed) {
  const Case kCases[] = {
      {"0", "$0.00"},
      {"1", "$1.00"},
      {"1.005", "$1.00"},  // Half to even.
      {"1.015", "$1.02"},
      {"1234.56", "$1,234.56"},
      {"1234567890.125", "$1,234,567,890.12"},
      {"0.999999", "$1.00"},
      {"0.147", "$0.1470"},
      {"0.0345", "$0.0345"},
      {"0.00999999", "$0.0100"},
      {"0.00345", "$0.00345"},
      {"0.003456", "$0.00346"},
      {"0.000012", "$0.000012"},
      {"0.000000000001", "$0.000000000001"},
      {"0.000000123456", "$0.000000123"},
      {"0.5", "$0.5000"},
      {"-3.5", "-$3.50"},
      {"-0.00000005", "-$0.00000005"},
      {"", "–"},
      {"not money", "not money"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(MoneyText(c.usd), c.expected) << c.usd;
  }
}

TEST(Money, NeverShowsZeroForWhatIsNot) {
  for (Picos picos = 1; picos < Picos{kPicosPerUsd} * 1000; picos = picos * 7 / 3 + 1) {
    EXPECT_NE(Money(picos).find_first_of("123456789"), std::string::npos) << Money(picos);
  }
}

TEST(SumText, IsNothingWhereNothingIsPriced) {
  EXPECT_EQ(SumText("0", 5, 5), kNothing);
  EXPECT_EQ(SumText("0", 5, 4), "$0.00");
  EXPECT_EQ(SumText("0", 0, 0), "$0.00");
}

TEST(PriceText, KeepsEveryDigit) {
  EXPECT_EQ(PriceText("3"), "$3.00");
  EXPECT_EQ(PriceText("3.5"), "$3.50");
  EXPECT_EQ(PriceText("0.075"), "$0.075");
  EXPECT_EQ(PriceText("0.000001"), "$0.000001");
  EXPECT_EQ(PriceText(""), "–");
}

TEST(Count, GroupsThousands) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1000), "1,000");
  EXPECT_EQ(Count(-1234567), "-1,234,567");
  EXPECT_EQ(Count(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(ShortCount, KeepsFourDigits) {
  EXPECT_EQ(ShortCount(9'999), "9,999");
  EXPECT_EQ(ShortCount(12'345), "12.3k");
  EXPECT_EQ(ShortCount(130'820'859), "131M");
  EXPECT_EQ(ShortCount(999'999), "1.0M");
  EXPECT_EQ(ShortCount(std::numeric_limits<int64_t>::max()), "9.2E");
}

TEST(Percent, NeverRoundsToNothingOrAll) {
  EXPECT_EQ(Percent(0), "0.0%");
  EXPECT_EQ(Percent(0.0001), "<0.1%");
  EXPECT_EQ(Percent(0.1234), "12.3%");
  EXPECT_EQ(Percent(0.99999), ">99.9%");
  EXPECT_EQ(Percent(1), "100.0%");
  EXPECT_EQ(Percent(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(DurationText, ChangesItsUnit) {
  EXPECT_EQ(DurationText(0), "0 ms");
  EXPECT_EQ(DurationText(1.25), "1.2 ms");
  EXPECT_EQ(DurationText(812.5), "812 ms");
  EXPECT_EQ(DurationText(999.6), "1.00 s");
  EXPECT_EQ(DurationText(1240), "1.24 s");
  EXPECT_EQ(DurationText(123'000), "2 m 03 s");
  EXPECT_EQ(DurationText(3'900'000), "1 h 05 m");
}

TEST(TimeText, IsInTheZoneAskedFor) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  EXPECT_EQ(TimeText("2026-11-01T10:15:03.123456Z", absl::UTCTimeZone()), "2026-11-01 10:15:03");
  EXPECT_EQ(TimeText("2026-11-01T10:15:03.123456Z", berlin, true), "2026-11-01 11:15:03.123");
  EXPECT_EQ(TimeText("", berlin), "–");
  EXPECT_EQ(TimeText("soon", berlin), "soon");
}

}  // namespace
}  // namespace itemized::cli
