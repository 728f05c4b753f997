// SPDX-License-Identifier: Apache-2.0
// Runs that are read from their rows, which have only the ids and the totals of their
// calls: whatever else is asked of them comes from the log.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class BriefRuns : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }

  static Call CallAt(const std::string& id, int64_t time_us, int64_t tokens,
                     const std::string& step = "planning") {
    Call call = MakeCall(id, "run", step, tokens);
    call.time_us = time_us;
    return call;
  }
  RunAnswer Run() { return Value(db().GetRun("run")); }
  Picos UnsurfacedWithin(int64_t start_us, int64_t end_us) {
    return Value(db().Top({.window = Window::Of({start_us, end_us}), .attribute_key = ""}))
        .unsurfaced;
  }
};

TEST_F(BriefRuns, KnowAReDeliveryFromAnotherCallUnderTheSameId) {
  const int64_t early_us = kNowUs - 3 * kMicrosPerHour;
  const Call early = CallAt("early", early_us, 1);
  Call late = CallAt("late", kNowUs, 2);
  late.attributes = {{"tenant", "acme"}};
  Store({early, late, CallAt("", kNowUs, 3)});
  Reopen();
  Call longer = early;
  ++longer.duration_us;
  Call elsewhen = early;
  elsewhen.time_us += kMicrosPerHour;
  Call of_other_tenant = late;
  of_other_tenant.attributes[0].second = "bolt";
  const Call fresh = CallAt("fresh", kNowUs, 4);
  const BatchResult result =
      Write({early, longer, fresh, late, elsewhen, of_other_tenant, early, fresh});
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.duplicate, 4);
  ASSERT_EQ(result.refusals.size(), 3U);
  for (const Refusal& refusal : result.refusals) {
    EXPECT_EQ(refusal.code, RefusalCode::kConflict);
  }
  EXPECT_EQ(result.refusals[0].index, 1U);
  EXPECT_EQ(result.refusals[1].index, 4U);
  EXPECT_EQ(result.refusals[2].index, 5U);
  EXPECT_EQ(Run().calls.size(), 4U);
}

TEST_F(BriefRuns, AreReadBackForACompletionThatNamesUnusedSteps) {
  Store(
      {CallAt("p", kNowUs - 30 * kMicrosPerHour, 10), CallAt("q", kNowUs - 2 * kMicrosPerHour, 20),
       CallAt("", kNowUs - 1, 40), CallAt("a", kNowUs - 1, 80, "answer")},
      {MakeCompletion("run", Outcome::kCompleted, kNowUs - 1)});
  Reopen();
  EXPECT_EQ(Run().unsurfaced, Picos{0});
  Store({CallAt("late", kNowUs, 160)},
        {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"planning"})});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Run().unsurfaced, Picos{230} * kSonnetIn);
    EXPECT_EQ(TopOf("planning").unsurfaced, Picos{230} * kSonnetIn);
    EXPECT_EQ(UnsurfacedWithin(0, kNowUs - 24 * kMicrosPerHour), Picos{10} * kSonnetIn);
    Reopen();
  }
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs + 1)});
  Reopen();
  EXPECT_EQ(Top().unsurfaced, Picos{0});
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs + 2, {"answer"})});
  EXPECT_EQ(Top().unsurfaced, Picos{80} * kSonnetIn);
}

TEST_F(BriefRuns, FallBackToTheirEarlierCallAndNameWhenOneIsTakenOut) {
  Call first = CallAt("first", kNowUs - kMicrosPerDay, 1);
  first.workflow = "research";
  Call second = CallAt("second", kNowUs - kMicrosPerHour, 2);
  second.workflow = "billing";
  Store({first, second, CallAt("third", kNowUs, 4)});
  Reopen();
  EXPECT_EQ(Value(db().Retract({{"run", "third"}})), 1);
  EXPECT_EQ(Value(db().Workflows(Window::Of({0, kNowUs}))).rows.size(), 1U);
  Reopen();
  EXPECT_EQ(Value(db().Retract({{"run", "first"}})), 1);
  EXPECT_EQ(Run().workflow, "billing");
  EXPECT_EQ(Run().cost, Picos{2} * kSonnetIn);
  Reopen();
  EXPECT_EQ(Write({first, CallAt("third", kNowUs, 4)}).duplicate, 2);
}

TEST_F(BriefRuns, ArePricedAgainWithAndWithoutIds) {
  Store({CallAt("c", kNowUs, 10), CallAt("", kNowUs, 20), CallAt("", kNowUs, 20)});
  Reopen();
  SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  EXPECT_EQ(Run().cost, Picos{50});
  Reopen();
  EXPECT_EQ(Run().cost, Picos{50});
  EXPECT_EQ(Write({CallAt("c", kNowUs, 10)}).duplicate, 1);
}

TEST_F(BriefRuns, OfManyCallsAreSearchedByTheirIndex) {
  std::vector<Call> calls;
  for (int i = 0; i < 500; ++i) {
    calls.push_back(CallAt("call-" + std::to_string(i), kNowUs - i * kMinuteUs, i));
  }
  Store(calls);
  Reopen();
  EXPECT_EQ(Write(calls).duplicate, 500);
  calls.push_back(CallAt("call-500", kNowUs, 1));
  EXPECT_EQ(Write(calls).accepted, 1);
}

// Whoever repeats what is known already makes the store look into many runs.
TEST_F(BriefRuns, AreForgottenAgainIfTheyWereOnlyLookedAt) {
  DatabaseOptions options = Options();
  options.resident_runs_max = 2;
  std::vector<Call> calls;
  for (int i = 0; i < 30; ++i) {
    calls.push_back(MakeCall("c", "run-" + std::to_string(i), "planning", 1));
  }
  Store(calls);
  Reopen(options);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Write(calls).duplicate, 30);
  }
  Call other = calls[0];
  ++other.duration_us;
  EXPECT_EQ(Write({other}).refusals.size(), 1U);
}

class BriefRunsRetention : public BriefRuns {
 protected:
  static constexpr int64_t kFirstKeptUs = kNowUs - 5 * kMicrosPerDay;

  void SetUp() override {
    BriefRuns::SetUp();
    Call another = CallAt("another", kNowUs, 1);  // Retention believes the clock for its sake.
    another.workflow_id = "another";
    Store({CallAt("old", kFirstKeptUs - kMicrosPerHour, 7),
           CallAt("new", kFirstKeptUs + kMicrosPerHour, 9), another});
  }

  void Retain() {
    DatabaseOptions options = Options();
    options.retain_events_us = 5 * kMicrosPerDay;
    Reopen(options);
    while (db().Info().events_kept_from_us != kFirstKeptUs || db().Info().is_dropping) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }
};

TEST_F(BriefRunsRetention, KeepInTheirRowsTheCallsOfBlocksThatAreDropped) {
  Retain();
  EXPECT_EQ(Run().calls.size(), 1U);
  Reopen();
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"planning"})});
  EXPECT_EQ(Run().unsurfaced, Picos{16} * kSonnetIn);
  EXPECT_EQ(UnsurfacedWithin(kFirstKeptUs - kMicrosPerDay, kFirstKeptUs), Picos{7} * kSonnetIn);
}

TEST_F(BriefRunsRetention, KeepThemThroughCompletionsThatNameNoStep) {
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs - 3, {"planning"})});
  Retain();
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs - 2)});
  Reopen();
  EXPECT_EQ(Run().unsurfaced, Picos{0});
  EXPECT_EQ(Value(db().Retract({{"run", "new"}})), 1);
  EXPECT_EQ(Run().cost, Picos{7} * kSonnetIn);
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs - 1, {"planning"})});
  EXPECT_EQ(Run().unsurfaced, Picos{7} * kSonnetIn);
}

}  // namespace
}  // namespace itemized::testing
