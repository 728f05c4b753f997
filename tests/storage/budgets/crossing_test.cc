// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/crossing.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kNoonUs = 20'000 * kMicrosPerDay + kMicrosPerDay / 2;
const TimeRange kDay{20'000 * kMicrosPerDay, 20'001 * kMicrosPerDay};

Budget DailyBudget(Picos amount) {
  return {.name = "b", .scope = {}, .amount = amount, .per = BudgetPeriod::kDay};
}

std::vector<int32_t> Percents(const std::vector<Crossing>& crossings) {
  std::vector<int32_t> percents;
  for (const Crossing& crossing : crossings) {
    percents.push_back(crossing.percent);
  }
  return percents;
}

TEST(Crossings, AreNoticedOnceAndFromTheThresholdOn) {
  const Budget budget = DailyBudget(1'000);
  Judgement judged = Judge(budget, kDay, 499, {}, kNoonUs);
  EXPECT_FALSE(judged.changed);
  EXPECT_THAT(judged.noticed, IsEmpty());
  judged = Judge(budget, kDay, 500, {}, kNoonUs);
  ASSERT_THAT(Percents(judged.noticed), ElementsAre(50));
  EXPECT_EQ(judged.noticed[0].spent, 500);
  EXPECT_EQ(judged.noticed[0].forecast, Picos{1'000});
  EXPECT_EQ(judged.noticed[0].delivery, Delivery::kNone);
  judged = Judge(budget, kDay, 5'000, judged.kept, kNoonUs + 1);
  EXPECT_THAT(Percents(judged.noticed), ElementsAre(80, 100));
  EXPECT_THAT(Percents(judged.kept), ElementsAre(50, 80, 100));
  judged = Judge(budget, kDay, 5'000, judged.kept, kNoonUs + 2);
  EXPECT_FALSE(judged.changed);
  EXPECT_THAT(judged.noticed, IsEmpty());
}

TEST(Crossings, AreNotToldAgainWhenTheSpendFallsAndRises) {
  const Budget budget = DailyBudget(1'000);
  Judgement judged = Judge(budget, kDay, 1'000, {}, kNoonUs);
  judged = Judge(budget, kDay, 10, judged.kept, kNoonUs);
  EXPECT_FALSE(judged.changed);
  EXPECT_THAT(Judge(budget, kDay, 1'000, judged.kept, kNoonUs).noticed, IsEmpty());
}

TEST(Crossings, OfARaisedBudgetAreToldAgainOnceTheNewAmountIsCrossed) {
  Judgement judged = Judge(DailyBudget(1'000), kDay, 850, {}, kNoonUs);
  EXPECT_THAT(Percents(judged.kept), ElementsAre(50, 80));
  const Budget raised = DailyBudget(1'200);  // 50 % are 600, which stay crossed; 80 % are 960.
  judged = Judge(raised, kDay, 850, judged.kept, kNoonUs);
  EXPECT_TRUE(judged.changed);
  EXPECT_THAT(judged.noticed, IsEmpty());
  EXPECT_THAT(Percents(judged.kept), ElementsAre(50));
  judged = Judge(raised, kDay, 960, judged.kept, kNoonUs);
  EXPECT_THAT(Percents(judged.noticed), ElementsAre(80));
}

TEST(Crossings, ThatAWebhookWaitsForStayUntilTheyAreSettled) {
  Budget budget = DailyBudget(1'000);
  budget.webhook = "http://h/";
  Judgement judged = Judge(budget, kDay, 500, {}, kNoonUs);
  ASSERT_EQ(judged.kept.size(), 1);
  EXPECT_EQ(judged.kept[0].delivery, Delivery::kPending);
  const int64_t later_us = kNoonUs + 30 * kMicrosPerDay;
  const TimeRange later{later_us - kMicrosPerHour, later_us + kMicrosPerHour};
  judged = Judge(budget, later, 0, judged.kept, later_us);
  EXPECT_EQ(judged.kept.size(), 1);
  judged.kept[0].delivery = Delivery::kSent;
  judged = Judge(budget, later, 0, judged.kept, later_us);
  EXPECT_THAT(judged.kept, IsEmpty());
  EXPECT_TRUE(judged.changed);
}

TEST(Crossings, OfAnyAmountAreThoseThatFractionsSay) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 3'000; ++i) {
    const int64_t amount = 1 + static_cast<int64_t>(random() % 1'000'000);
    const int64_t spent = static_cast<int64_t>(random() % 2'000'000);
    const auto percent = static_cast<int32_t>(1 + random() % 1'000);
    // It is reached if the rest to the next whole hundredth of the amount is none.
    const bool is_reached = spent > 0 && (amount * percent + 99) / 100 <= spent;
    EXPECT_EQ(Reaches(spent, amount, percent), is_reached) << spent << " " << amount;
  }
  EXPECT_TRUE(Reaches(kBudgetAmountMax * 10, kBudgetAmountMax, 1'000));
  EXPECT_FALSE(Reaches(kBudgetAmountMax * 10 - 1, kBudgetAmountMax, 1'000));
}

// However spend, amounts and thresholds move, no threshold of a period is told twice for one
// amount.
TEST(Crossings, AreToldOnceForEachAmountInAnyHistory) {
  std::mt19937_64 random(5);
  for (int history = 0; history < 50; ++history) {
    Budget budget = DailyBudget(1'000);
    std::vector<Crossing> known;
    std::multiset<std::pair<int32_t, int64_t>> told;
    Picos amount_before = budget.amount;
    for (int i = 0; i < 200; ++i) {
      const auto spent = static_cast<int64_t>(random() % 1'500);
      const Judgement judged = Judge(budget, kDay, spent, known, kNoonUs + i);
      known = judged.kept;
      for (const Crossing& crossing : judged.noticed) {
        EXPECT_TRUE(Reaches(spent, budget.amount, crossing.percent));
        told.insert({crossing.percent, static_cast<int64_t>(amount_before)});
        EXPECT_EQ(told.count({crossing.percent, static_cast<int64_t>(amount_before)}), 1U);
      }
      for (const int32_t percent : budget.thresholds) {
        const bool is_known = std::any_of(known.begin(), known.end(),
                                          [&](const Crossing& c) { return c.IsOf(kDay, percent); });
        EXPECT_TRUE(is_known || !Reaches(spent, budget.amount, percent));
      }
      if (random() % 20 == 0) {
        budget.amount += 100;
        amount_before = budget.amount;
      }
    }
  }
}

TEST(PeriodsToJudge, AreThisOneAndThatWhichHasJustEnded) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  Budget budget = DailyBudget(1);
  const TimeRange before{kDay.start_us - kMicrosPerDay, kDay.start_us};
  EXPECT_THAT(PeriodsToJudge(budget, utc, kNoonUs), ElementsAre(before, kDay));
  budget.set_at_us = kDay.start_us;
  EXPECT_THAT(PeriodsToJudge(budget, utc, kNoonUs), ElementsAre(kDay));
  budget.set_at_us = 0;
  budget.per = BudgetPeriod::kMonth;
  const TimeRange month = PeriodAt(BudgetPeriod::kMonth, utc, kNoonUs);
  EXPECT_THAT(PeriodsToJudge(budget, utc, kNoonUs), ElementsAre(month));
  EXPECT_EQ(PeriodsToJudge(budget, utc, month.start_us + kLatePeriodUs - 1).size(), 2);
  EXPECT_EQ(PeriodsToJudge(budget, utc, month.start_us + kLatePeriodUs).size(), 1);
}

}  // namespace
}  // namespace itemized
