// SPDX-License-Identifier: Apache-2.0
// Which calls are flagged when they arrive, and what they were compared with.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

// One token costs 10^-6 USD here, so 5,000 tokens are the default threshold.
constexpr int64_t kToken = 1'000'000;

class OutlierRules : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", kToken, kToken)});
  }
  // Writes `count` calls of the present instant in one batch.
  void Report(int count, int64_t tokens, const std::string& step = "planning") {
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(MakeCall("c-" + std::to_string(next_id_++), "run", step, tokens));
      calls.back().time_us = clock().NowUs();
    }
    Store(calls);
  }
  int64_t Flagged() { return Top().total.outliers; }
  int64_t Learning() { return Top().total.learning_calls; }
  Threshold Now() { return db().ThresholdOf("planning"); }
  void NextDay() { clock().Advance(kMicrosPerDay); }

 private:
  int next_id_ = 0;
};

TEST_F(OutlierRules, AnUnknownStepIsLearningWithTheDefaultThreshold) {
  const Threshold threshold = db().ThresholdOf("never seen");
  EXPECT_TRUE(threshold.learning);
  EXPECT_EQ(threshold.picos, 5'000'000'000);
  EXPECT_EQ(threshold.p50_picos, 0);
  EXPECT_EQ(threshold.sample_count, 0);
}

TEST_F(OutlierRules, WhileLearningCallsStrictlyAboveHalfACentStandApartFromOutliers) {
  Report(1, 5'000);
  EXPECT_EQ(Learning(), 0);
  Report(1, 5'001);
  EXPECT_EQ(Learning(), 1);
  EXPECT_EQ(Flagged(), 0);
  const OutliersAnswer outliers = Outliers();
  EXPECT_TRUE(outliers.calls.empty());
  EXPECT_EQ(outliers.total, 0);
  EXPECT_EQ(outliers.learning_calls, 1);
  const BilledCall judged = Value(db().GetRun("run")).calls.at(1);
  EXPECT_EQ(judged.cost.picos, 5'001 * kToken);
  EXPECT_FALSE(judged.is_outlier());
  EXPECT_EQ(judged.receipt, (OutlierReceipt{.p50_picos = 0, .sample_count = 1, .learning = true}));
}

TEST_F(OutlierRules, FailedCallsThatUsedNothingTeachNothing) {
  Report(30, 1'000);
  std::vector<Call> failed;
  for (int i = 0; i < 100; ++i) {
    failed.push_back(MakeCall("failed-" + std::to_string(i), "run", "planning", 0));
    failed.back().time_us = clock().NowUs();
    failed.back().usage.reset();
    failed.back().status = CallStatus::kError;
  }
  Store(failed);
  EXPECT_EQ(Now().sample_count, 30);
  EXPECT_EQ(Now().p50_picos, 1'000 * kToken);
}

TEST_F(OutlierRules, StepsWithFewCallsHaveNoOutliers) {
  for (int step = 0; step < 50; ++step) {
    Report(12, 100'000, "step-" + std::to_string(step));
  }
  EXPECT_EQ(Flagged(), 0);
  EXPECT_EQ(Learning(), 600);
  SeriesQuery days;
  days.window = Window::Last(kMicrosPerDay);
  int64_t in_series = 0;
  clock().Advance(1);
  for (const SeriesPoint& point : Value(db().Series(days)).points) {
    EXPECT_EQ(point.sums.outliers, 0);
    in_series += point.sums.learning_calls;
  }
  EXPECT_EQ(in_series, 600);
}

TEST_F(OutlierRules, OfAWindowTheUnjudgedAndTheLearningCallsAreCountedWithTheFilter) {
  Report(1, 6'000);
  Report(2, 6'000, "other");
  Call unknown = MakeCall("u", "run", "planning", 1);
  unknown.model = "mystery-1";
  unknown.time_us = kNowUs + kMinuteUs;
  clock().Advance(kMinuteUs);
  Store({unknown});
  const auto ask = [&](const Window& window, const CallFilter& filter) {
    const OutliersAnswer answer = Value(db().Outliers({.window = window, .filter = filter}));
    return std::pair(answer.unjudged_calls, answer.learning_calls);
  };
  EXPECT_EQ(ask(Always(), {}), std::pair(int64_t{1}, int64_t{3}));
  EXPECT_EQ(ask(Always(), OfStep("planning")), std::pair(int64_t{1}, int64_t{1}));
  const Window first_minute = Window::Of({kNowUs, kNowUs + kMinuteUs});
  EXPECT_EQ(ask(first_minute, {}), std::pair(int64_t{0}, int64_t{3}));
  CallFilter sonnet;
  sonnet[NameKind::kModel] = "claude-sonnet-4-6";
  EXPECT_EQ(ask(Always(), sonnet), std::pair(int64_t{0}, int64_t{3}));
}

TEST_F(OutlierRules, ThirtyCallsAreEnoughToLearnAndTwentyNineAreNot) {
  Report(29, 100);
  EXPECT_TRUE(Now().learning);
  Report(1, 501);  // Still compared with the default.
  EXPECT_EQ(Flagged(), 0);
  EXPECT_FALSE(Now().learning);
  EXPECT_EQ(Now().sample_count, 30);
  EXPECT_EQ(Now().p50_picos, 100 * kToken);
  EXPECT_EQ(Now().picos, 500 * kToken);
}

TEST_F(OutlierRules, ACallStrictlyAboveFiveTimesTheMedianIsFlaggedWithItsReceipt) {
  Report(30, 100);
  Report(1, 500);
  EXPECT_EQ(Flagged(), 0);
  Report(1, 501);
  ASSERT_EQ(Flagged(), 1);
  EXPECT_EQ(*Outliers().calls.at(0).receipt,
            (OutlierReceipt{.p50_picos = 100 * kToken, .sample_count = 31, .learning = false}));
  EXPECT_EQ(Now().sample_count, 31);  // The flagged one does not count.
}

TEST_F(OutlierRules, AWholeBatchIsComparedWithTheStateBeforeIt) {
  Report(100, 4'000);  // The thirty-first of them would be cheap, too.
  Report(1, 20'000);
  EXPECT_EQ(Flagged(), 0);
  std::vector<Call> batch;
  for (int i = 0; i < 200; ++i) {
    batch.push_back(MakeCall("b" + std::to_string(i), "run", "planning", i < 150 ? 1 : 20'001));
  }
  Store(batch);
  EXPECT_EQ(Flagged(), 50);
  for (const BilledCall& flagged : Outliers().calls) {
    EXPECT_EQ(flagged.receipt->sample_count, 101);
  }
}

TEST_F(OutlierRules, CallsFlaggedWhileLearningCountInTheBaseline) {
  Report(29, 10'000);
  EXPECT_EQ(Learning(), 29);
  Report(1, 10'000);
  EXPECT_EQ(Now().p50_picos, 10'000 * kToken);
  Report(1, 50'000);
  EXPECT_EQ(Learning(), 30);
  EXPECT_EQ(Flagged(), 0);
}

TEST_F(OutlierRules, StepsLearnApart) {
  Report(30, 100);
  Report(1, 501, "doc_synthesis");
  EXPECT_EQ(Flagged(), 0);
  EXPECT_TRUE(db().ThresholdOf("doc_synthesis").learning);
}

TEST_F(OutlierRules, ABurstOfOutliersDoesNotMoveTheBaseline) {
  Report(30, 100);
  for (int i = 0; i < 10; ++i) {
    Report(100, 10'000);
  }
  EXPECT_EQ(Flagged(), 1'000);
  EXPECT_EQ(Now().picos, 500 * kToken);
  EXPECT_EQ(Now().sample_count, 30);
}

TEST_F(OutlierRules, ALevelThatHoldsForThreeDaysIsTheNewBaseline) {
  Report(30, 100);
  for (int day = 1; day <= 3; ++day) {
    NextDay();
    Report(40, 10'000);
    EXPECT_EQ(Flagged(), 40 * day);
    EXPECT_EQ(Now().p50_picos, (day < 3 ? 100 : 10'000) * kToken);
  }
  EXPECT_EQ(Now().sample_count, 150);
  Report(40, 10'000);
  EXPECT_EQ(Flagged(), 120);  // The flags of the three days stay.
}

TEST_F(OutlierRules, ExactlyHalfOfADayIsNoLevelShift) {
  Report(30, 100);
  for (int day = 1; day <= 3; ++day) {
    NextDay();
    Report(10, 10'000);
    Report(day == 2 ? 10 : 9, 100);
  }
  EXPECT_EQ(Now().p50_picos, 100 * kToken);
  EXPECT_EQ(Now().sample_count, 30 + 9 + 10 + 9);
}

TEST_F(OutlierRules, DaysWithoutCallsDoNotBreakALevelShift) {
  Report(30, 100);
  for (int i = 0; i < 3; ++i) {
    NextDay();
    NextDay();
    NextDay();
    Report(40, 10'000);
  }
  EXPECT_EQ(Now().p50_picos, 10'000 * kToken);
}

TEST_F(OutlierRules, DaysWithoutPricedCallsDoNotBreakALevelShift) {
  Report(30, 100);
  for (int i = 0; i < 3; ++i) {
    NextDay();
    Report(40, 10'000);
    NextDay();
    Call unknown = MakeCall("u" + std::to_string(i), "run", "planning", 1);
    unknown.model = "mystery-1";
    unknown.time_us = clock().NowUs();
    Store({unknown});
  }
  EXPECT_EQ(Now().p50_picos, 10'000 * kToken);
}

TEST_F(OutlierRules, ADayWithoutOutliersBreaksALevelShift) {
  Report(30, 100);
  for (int i = 0; i < 2; ++i) {
    NextDay();
    Report(40, 10'000);
    NextDay();
    Report(1, 100);
    NextDay();
    Report(40, 10'000);
  }
  EXPECT_EQ(Now().p50_picos, 100 * kToken);
}

TEST_F(OutlierRules, TheBaselineReachesBackTwentyNineDaysFromTheNewest) {
  Report(30, 100);
  clock().Advance(29 * kMicrosPerDay);
  Report(1, 100);
  EXPECT_EQ(Now().sample_count, 31);
  NextDay();
  Report(1, 100);
  EXPECT_EQ(Now().sample_count, 2);
  EXPECT_TRUE(Now().learning);
}

TEST_F(OutlierRules, AnUnpricedCallMovesTheWindowToo) {
  Report(30, 100);
  clock().Advance(30 * kMicrosPerDay);
  Call unknown = MakeCall("u", "run", "planning", 1);
  unknown.model = "mystery-1";
  unknown.time_us = clock().NowUs();
  Store({unknown});
  EXPECT_EQ(Now().sample_count, 0);
}

TEST_F(OutlierRules, RetractingTheNewestCallDoesNotMoveTheWindowBack) {
  Report(30, 100);
  clock().Advance(30 * kMicrosPerDay);
  Call call = MakeCall("newest", "run", "planning", 1);
  call.time_us = clock().NowUs();
  Store({call});
  EXPECT_EQ(Value(db().Retract({{"run", "newest"}})), 1);
  EXPECT_EQ(Now().sample_count, 0);
}

TEST_F(OutlierRules, AnUnpricedCallHasNoVerdictUntilARatePricesIt) {
  Call unknown = MakeCall("u", "run", "planning", 1'000'000);
  unknown.model = "mystery-1";
  Store({unknown});
  Report(30, 100);
  EXPECT_EQ(Flagged(), 0);
  EXPECT_EQ(Outliers().unjudged_calls, 1);
  SetRates({MakeRate("mystery-1", kToken, kToken)});
  ASSERT_EQ(Flagged(), 1);
  EXPECT_EQ(Outliers().unjudged_calls, 0);
  EXPECT_EQ(*Outliers().calls.at(0).receipt, (OutlierReceipt{.p50_picos = 100 * kToken,
                                                             .sample_count = 30,
                                                             .learning = false,
                                                             .judged_when_priced = true}));
  EXPECT_EQ(Now().sample_count, 30);
}

TEST_F(OutlierRules, FlagsAndReceiptsStayWhenRatesChangeButCostsFollow) {
  Report(30, 100);
  Report(1, 600);
  const OutlierReceipt receipt = *Outliers().calls.at(0).receipt;
  SetRates({MakeRate("claude-sonnet-4-6", 3 * kToken, kToken)});
  EXPECT_EQ(Now().p50_picos,
            300 * kToken);  // It is the median of the calls at their present price.
  const OutliersAnswer outliers = Outliers();
  ASSERT_EQ(outliers.total, 1);
  EXPECT_EQ(*outliers.calls[0].receipt, receipt);
  EXPECT_EQ(outliers.calls[0].cost.picos, 1'800 * kToken);
}

TEST_F(OutlierRules, TheNewestComeFirstAndTheTotalCountsThoseBeyondTheLimit) {
  Report(30, 1);
  for (int i = 0; i < 5; ++i) {
    Report(1, 6'000 + i);
    clock().Advance(kMinuteUs);
  }
  const OutliersAnswer two = Value(db().Outliers({.window = Always(), .limit = 2}));
  EXPECT_EQ(two.total, 5);
  ASSERT_EQ(two.calls.size(), 2U);
  EXPECT_EQ(two.calls[0].cost.picos, 6'004 * kToken);
  EXPECT_EQ(two.calls[1].cost.picos, 6'003 * kToken);
  const Window middle = Window::Of({kNowUs + kMinuteUs, kNowUs + 3 * kMinuteUs});
  EXPECT_EQ(Value(db().Outliers({.window = middle, .filter = OfStep("planning")})).total, 2);
  EXPECT_EQ(Value(db().Outliers({.window = middle, .filter = OfStep("other")})).total, 0);
}

TEST_F(OutlierRules, TheThresholdIsTheSameAfterReopening) {
  Report(30, 100);
  NextDay();
  Report(40, 10'000);
  const std::string before = Describe(Now()) + Describe(Outliers());
  Reopen();
  EXPECT_EQ(Describe(Now()) + Describe(Outliers()), before);
}

}  // namespace
}  // namespace itemized::testing
