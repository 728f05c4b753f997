// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/budget.h"

#include <stdlib.h>
#include <time.h>

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Budget GoodBudget() {
  return {.name = "all", .scope = {}, .amount = Picos{100} * kPicosPerUsd};
}

std::string WhyNot(const Budget& budget) {
  return std::string(CheckedBudget(budget).status().message());
}

TEST(Budget, IsKeptWithItsThresholdsInOrderAndItsZoneNamed) {
  Budget budget = GoodBudget();
  budget.thresholds = {100, 50, 100, 7};
  budget.zone = "";
  const auto checked = CheckedBudget(budget);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->thresholds, ElementsAre(7, 50, 100));
  EXPECT_EQ(checked->zone, "UTC");
}

TEST(Budget, IsRefusedWithASentenceThatSaysWhatToMend) {
  Budget budget = GoodBudget();
  budget.name = "";
  EXPECT_EQ(WhyNot(budget), "The name of the budget is empty; name it.");
  budget = GoodBudget();
  budget.name = std::string(201, 'a');
  EXPECT_THAT(WhyNot(budget), HasSubstr("shorten it to 200."));
  budget = GoodBudget();
  budget.amount = 0;
  EXPECT_EQ(WhyNot(budget), "The amount is 0 USD; give one above 0.");
  budget.amount = -1;
  EXPECT_EQ(WhyNot(budget), "The amount is -0.000000000001 USD; give one above 0.");
  budget.amount = kBudgetAmountMax + 1;
  EXPECT_THAT(WhyNot(budget), HasSubstr("give at most 1000000000000."));
  budget = GoodBudget();
  budget.thresholds = {0};
  EXPECT_THAT(WhyNot(budget), HasSubstr("give whole percents from 1 to 1000."));
  budget.thresholds = {1001};
  EXPECT_THAT(WhyNot(budget), HasSubstr("The threshold 1001 is out of range"));
  budget.thresholds.assign(21, 5);
  EXPECT_THAT(WhyNot(budget), HasSubstr("give 1 to 20."));
  budget = GoodBudget();
  budget.zone = "Europe/Berlinn";
  EXPECT_THAT(WhyNot(budget), HasSubstr("The time zone \"Europe/Berlinn\" is unknown"));
  for (const char* path : {"/etc/passwd", ":/etc/localtime", "../../etc/localtime"}) {
    budget.zone = path;
    EXPECT_THAT(WhyNot(budget), HasSubstr("give an IANA name")) << path;
  }
  budget = GoodBudget();
  budget.scope = {BudgetScopeKind::kStep, "", ""};
  EXPECT_EQ(WhyNot(budget), "The step of the budget is empty; name it.");
  budget.scope = {BudgetScopeKind::kAttribute, "", "acme"};
  EXPECT_EQ(WhyNot(budget), "The attribute key of the budget is empty; name it.");
}

// Says in which day or month of a zone an instant lies, by the C library.
class CivilOracle {
 public:
  explicit CivilOracle(const std::string& zone) {
    setenv("TZ", zone.c_str(), 1);
    tzset();
  }
  ~CivilOracle() {
    unsetenv("TZ");
    tzset();
  }
  static int KeyOf(BudgetPeriod per, int64_t time_us) {
    const time_t seconds = time_us / kMicrosPerSecond;
    tm local{};
    localtime_r(&seconds, &local);
    const int month = (local.tm_year + 1900) * 100 + local.tm_mon + 1;
    return per == BudgetPeriod::kMonth ? month : month * 100 + local.tm_mday;
  }
};

class BudgetPeriods : public ::testing::TestWithParam<const char*> {};

TEST_P(BudgetPeriods, HoldExactlyTheInstantsOfADayOrMonthOfTheirZone) {
  const CivilOracle oracle(GetParam());
  const absl::TimeZone zone = *FindZone(GetParam());
  for (const BudgetPeriod per : {BudgetPeriod::kDay, BudgetPeriod::kMonth}) {
    // It begins in October 2025 and ends in December 2026.
    int64_t time_us = int64_t{1'759'300'000} * kMicrosPerSecond;
    for (const int64_t end_us = time_us + 430 * kMicrosPerDay; time_us < end_us;) {
      const TimeRange period = PeriodAt(per, zone, time_us);
      ASSERT_TRUE(period.Contains(time_us)) << time_us;
      const int key = oracle.KeyOf(per, time_us);
      EXPECT_EQ(oracle.KeyOf(per, period.start_us), key);
      EXPECT_EQ(oracle.KeyOf(per, period.end_us - 1), key);
      EXPECT_NE(oracle.KeyOf(per, period.start_us - 1), key);
      EXPECT_NE(oracle.KeyOf(per, period.end_us), key);
      EXPECT_EQ(PeriodAt(per, zone, period.end_us).start_us, period.end_us);
      time_us = period.end_us + (period.end_us - time_us) / 3;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zones, BudgetPeriods,
                         ::testing::Values("UTC", "Europe/Berlin", "America/New_York",
                                           "America/Havana", "Asia/Kathmandu", "Africa/Cairo",
                                           "Pacific/Kiritimati"));

TEST(BudgetPeriod, FollowEachOtherWhereClocksWereSetBackOverMidnight) {
  const absl::TimeZone zone = *FindZone("America/St_Johns");
  const int64_t from_us = 1'288'990'800 * kMicrosPerSecond;  // 2010-11-05, two days before.
  for (int64_t time_us = from_us; time_us < from_us + 4 * kMicrosPerDay;
       time_us += 30 * kMicrosPerSecond) {
    const TimeRange day = PeriodAt(BudgetPeriod::kDay, zone, time_us);
    ASSERT_TRUE(day.Contains(time_us)) << FormatTime(time_us);
    ASSERT_EQ(PeriodAt(BudgetPeriod::kDay, zone, day.end_us).start_us, day.end_us);
  }
}

TEST(Forecast, IsTheSpendTimesTheLengthOverTheTimeGoneBy) {
  const TimeRange day{0, kMicrosPerDay};
  EXPECT_EQ(ForecastOf(1'000, day, kMicrosPerDay / 4), Picos{4'000});
  EXPECT_EQ(ForecastOf(1, day, kMicrosPerDay * 2 / 3), Picos{2});  // 1.5, to the even one.
  EXPECT_EQ(ForecastOf(0, day, kMicrosPerDay / 2), Picos{0});
  EXPECT_EQ(ForecastOf(77, day, kMicrosPerDay), Picos{77});
  EXPECT_EQ(ForecastOf(77, day, kMicrosPerDay * 3), Picos{77});
}

TEST(Forecast, IsAbsentUntilATwentiethOfThePeriodHasGoneBy) {
  const TimeRange day{0, kMicrosPerDay};
  EXPECT_EQ(ForecastOf(1'000, day, 0), std::nullopt);
  EXPECT_EQ(ForecastOf(1'000, day, -1), std::nullopt);
  EXPECT_EQ(ForecastOf(1'000, day, kMicrosPerDay / 20 - 1), std::nullopt);
  EXPECT_EQ(ForecastOf(1'000, day, kMicrosPerDay / 20), Picos{20'000});
}

TEST(Forecast, AgreesWithLongDivision) {
  std::mt19937_64 random(7);
  const TimeRange month{0, 31 * kMicrosPerDay};
  for (int i = 0; i < 2'000; ++i) {
    const int64_t now_us = month.end_us / 20 + static_cast<int64_t>(random() % 1'000'000'000'000);
    const Picos spent = Picos{static_cast<int64_t>(random() >> 1)} * 1'000;
    const Picos forecast = *ForecastOf(spent, month, now_us);
    // It is the nearest whole number: twice the rest is at most the divisor.
    const Picos rest = spent * month.end_us - forecast * now_us;
    EXPECT_LE(2 * (rest < 0 ? -rest : rest), now_us);
  }
}

TEST(Percent, IsCutSoThatAThresholdIsNeverShownBeforeItIsReached) {
  const Picos amount = Picos{100} * kPicosPerUsd;
  EXPECT_EQ(BasisPointsSpent(amount, amount), 10'000);
  EXPECT_EQ(BasisPointsSpent(amount - 1, amount), 9'999);
  EXPECT_EQ(BasisPointsSpent(0, amount), 0);
  EXPECT_EQ(BasisPointsSpent(3, 1), 30'000);
  EXPECT_EQ(BasisPointsSpent(kBudgetAmountMax * 100, 1), 1'000'000'000);
}

}  // namespace
}  // namespace itemized
