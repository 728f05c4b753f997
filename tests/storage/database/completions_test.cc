// SPDX-License-Identifier: Apache-2.0
// What ends a run, and what a run then costs.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr int64_t kEndUs = kNowUs - kMicrosPerHour;

class Completions : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  }
  Call CallAt(const std::string& id, int64_t time_us, int64_t tokens = 10) {
    Call call = MakeCall(id, "run", "planning", tokens);
    call.time_us = time_us;
    return call;
  }
  RunAnswer Run() { return Value(db().GetRun("run")); }
  int64_t RunsWithin(int64_t start_us, int64_t end_us) {
    int64_t runs = 0;
    for (const WorkflowRow& row : Value(db().Workflows(Window::Of({start_us, end_us}))).rows) {
      for (const int64_t count : row.runs) {
        runs += count;
      }
    }
    return runs;
  }
};

TEST_F(Completions, ARunIsOpenUntilItsCompletion) {
  Store({CallAt("c", kEndUs)});
  EXPECT_EQ(Run().outcome, Outcome::kOpen);
  EXPECT_EQ(Run().completed_at_us, 0);
  EXPECT_EQ(WorkflowOf("support_ticket").runs[0], 1);
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs + 5)});
  EXPECT_EQ(Run().outcome, Outcome::kCompleted);
  EXPECT_EQ(Run().completed_at_us, kEndUs + 5);
  EXPECT_EQ(WorkflowOf("support_ticket").runs[0], 0);
  EXPECT_EQ(WorkflowOf("support_ticket").runs[1], 1);
}

TEST_F(Completions, EveryOutcomeIsCountedUnderItsName) {
  for (int outcome = 1; outcome < kOutcomeCount; ++outcome) {
    Store({}, {MakeCompletion("run-" + std::to_string(outcome), static_cast<Outcome>(outcome),
                              kEndUs)});
  }
  const WorkflowRow row = WorkflowOf("support_ticket");
  for (int outcome = 1; outcome < kOutcomeCount; ++outcome) {
    EXPECT_EQ(row.runs[outcome], 1) << outcome;
  }
  EXPECT_EQ(row.runs[0], 0);
}

TEST_F(Completions, TheSameCompletionAgainIsADuplicate) {
  const Completion end = MakeCompletion("run", Outcome::kCompleted, kEndUs, {"planning"});
  Store({}, {end});
  const BatchResult again = Write({}, {end, end});
  EXPECT_EQ(again.accepted, 0);
  EXPECT_EQ(again.duplicate, 2);
}

TEST_F(Completions, TheLatestByTimeWinsWhateverTheOrderTheyCameIn) {
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  const BatchResult older = Write({}, {MakeCompletion("run", Outcome::kFailed, kEndUs - 1)});
  EXPECT_EQ(older.accepted, 1);
  EXPECT_EQ(Run().outcome, Outcome::kCompleted);
  Store({}, {MakeCompletion("run", Outcome::kAbandoned, kEndUs + 1)});
  EXPECT_EQ(Run().outcome, Outcome::kAbandoned);
  const WorkflowRow row = WorkflowOf("support_ticket");
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kAbandoned)], 1);
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kCompleted)], 0);
}

TEST_F(Completions, AtEqualTimesTheLaterArrivalWins) {
  const Completion first = MakeCompletion("run", Outcome::kCompleted, kEndUs);
  Store({}, {first});
  Store({}, {MakeCompletion("run", Outcome::kFailed, kEndUs)});
  EXPECT_EQ(Run().outcome, Outcome::kFailed);
  EXPECT_EQ(Write({}, {first}).accepted, 1);  // It is not the one in force, so it is no duplicate.
  EXPECT_EQ(Run().outcome, Outcome::kCompleted);
}

Completion TakingBack(Completion completion) {
  completion.takes_back = true;
  return completion;
}

TEST_F(Completions, OneThatIsTakenBackLeavesTheRunAsItWasWithout) {
  const Completion end = MakeCompletion("run", Outcome::kCompleted, kEndUs, {"planning"});
  Store({CallAt("c", kEndUs - kMinuteUs)}, {end});
  EXPECT_EQ(Run().unsurfaced, Picos{10});
  Store({}, {TakingBack(end)});
  EXPECT_EQ(Run().outcome, Outcome::kOpen);
  EXPECT_EQ(Run().unsurfaced, Picos{0});
  const WorkflowRow row = WorkflowOf("support_ticket");
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kOpen)], 1);
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kCompleted)], 0);
  EXPECT_EQ(Write({}, {TakingBack(end)}).duplicate, 1);
  Reopen();
  EXPECT_EQ(Run().outcome, Outcome::kOpen);
  Store({}, {MakeCompletion("run", Outcome::kFailed, kEndUs - kMinuteUs)});
  EXPECT_EQ(Run().outcome, Outcome::kFailed);
}

TEST_F(Completions, ALaterOneStandsAgainstTakingBackAnEarlier) {
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  const Completion earlier = MakeCompletion("run", Outcome::kCompleted, kEndUs - 1);
  EXPECT_EQ(Write({}, {TakingBack(earlier)}).duplicate, 1);
  EXPECT_EQ(Run().outcome, Outcome::kCompleted);
}

TEST_F(Completions, ARunOfNothingButACompletionIsGoneWithIt) {
  const Completion end = MakeCompletion("run", Outcome::kCompleted, kEndUs);
  Store({}, {end});
  Store({}, {TakingBack(end)});
  EXPECT_EQ(db().GetRun("run").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(RunsWithin(0, kNowUs), 0);
}

TEST_F(Completions, WithinABatchTheirOrderIsTheOrderOfArrival) {
  Store({CallAt("c", kEndUs)}, {MakeCompletion("run", Outcome::kFailed, kEndUs),
                                MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  EXPECT_EQ(Run().outcome, Outcome::kCompleted);
}

TEST_F(Completions, ACompletionMayComeBeforeItsCalls) {
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs, {"planning"})});
  EXPECT_EQ(Run().cost, Picos{0});
  Store({CallAt("c", kEndUs - 1)});
  EXPECT_EQ(Run().cost, Picos{10});
  EXPECT_EQ(Run().unsurfaced, Picos{10});
  EXPECT_EQ(WorkflowOf("support_ticket").spend, Picos{10});
}

TEST_F(Completions, ALateCallAddsToTheCostPerCompleted) {
  Store({CallAt("c", kEndUs - 1)}, {MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  EXPECT_EQ(WorkflowOf("support_ticket").spend, Picos{10});
  Store({CallAt("late", kEndUs + kMinuteUs, 90)});
  const WorkflowRow row = WorkflowOf("support_ticket");
  EXPECT_EQ(row.spend, Picos{100});
  EXPECT_EQ(row.completed_spend, Picos{100});
  EXPECT_EQ(row.completed_calls, 2);
  EXPECT_EQ(row.p50_completed, 100);
  EXPECT_EQ(row.p95_completed, 100);
}

TEST_F(Completions, ARunBelongsToTheWindowOfItsCompletion) {
  Store({CallAt("c", kEndUs + kMinuteUs)}, {MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  EXPECT_EQ(RunsWithin(kEndUs, kEndUs + 1), 1);
  EXPECT_EQ(RunsWithin(kEndUs + 1, kNowUs), 0);
  EXPECT_EQ(RunsWithin(0, kEndUs), 0);
}

TEST_F(Completions, AnOpenRunBelongsToTheWindowOfItsLatestCall) {
  Store({CallAt("late", kEndUs), CallAt("early", kEndUs - 5 * kMicrosPerDay)});
  EXPECT_EQ(RunsWithin(kEndUs, kEndUs + 1), 1);
  EXPECT_EQ(RunsWithin(0, kEndUs), 0);
}

TEST_F(Completions, ALaterCompletionMovesTheRunToItsOwnWindowAndName) {
  Store({CallAt("c", kEndUs)}, {MakeCompletion("run", Outcome::kFailed, kEndUs)});
  Completion renamed = MakeCompletion("run", Outcome::kCompleted, kEndUs + kMinuteUs);
  renamed.workflow = "research";
  Store({}, {renamed});
  EXPECT_EQ(RunsWithin(kEndUs, kEndUs + 1), 0);
  EXPECT_EQ(RunsWithin(kEndUs + kMinuteUs, kEndUs + kMinuteUs + 1), 1);
  EXPECT_EQ(WorkflowOf("research").spend, Picos{10});
  EXPECT_EQ(Value(db().Workflows(Always())).rows.size(), 1U);
}

TEST_F(Completions, TheNameOfARunIsThatOfItsCompletionElseOfItsEarliestCallThatHasOne) {
  Call nameless = CallAt("a", kEndUs - 2);
  nameless.workflow = "";
  Call first_to_come = CallAt("b", kEndUs);
  first_to_come.workflow = "first to come";
  Store({nameless, first_to_come});
  EXPECT_EQ(Run().workflow, "first to come");
  Call earlier = CallAt("c", kEndUs - 1);
  earlier.workflow = "earlier";
  Store({earlier});
  EXPECT_EQ(Run().workflow, "earlier");
  Completion end = MakeCompletion("run", Outcome::kCompleted, kEndUs);
  end.workflow = "";
  Store({}, {end});
  EXPECT_EQ(Run().workflow, "earlier");
  EXPECT_EQ(WorkflowOf("earlier").spend, Picos{30});
  end.workflow = "named by the end";
  Store({}, {end});
  EXPECT_EQ(Run().workflow, "named by the end");
  EXPECT_EQ(Value(db().Workflows(Always())).rows.size(), 1U);
}

TEST_F(Completions, UnusedStepsAreUnsurfacedWhateverTheOutcomeAndHoweverLate) {
  Call synthesis = CallAt("s", kEndUs, 70);
  synthesis.step = "doc_synthesis";
  Store({CallAt("p", kEndUs), synthesis},
        {MakeCompletion("run", Outcome::kShortCircuited, kEndUs, {"doc_synthesis", "never ran"})});
  EXPECT_EQ(Top().unsurfaced, Picos{70});
  EXPECT_EQ(TopOf("doc_synthesis").unsurfaced, Picos{70});
  EXPECT_EQ(TopOf("planning").unsurfaced, Picos{0});
  EXPECT_EQ(Run().unsurfaced, Picos{70});
  EXPECT_EQ(WorkflowOf("support_ticket").unsurfaced, Picos{70});

  synthesis.event_id = "late";
  Store({synthesis});
  EXPECT_EQ(TopOf("doc_synthesis").unsurfaced, Picos{140});
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs + 1, {"planning"})});
  EXPECT_EQ(TopOf("doc_synthesis").unsurfaced, Picos{0});
  EXPECT_EQ(TopOf("planning").unsurfaced, Picos{10});
  EXPECT_EQ(Run().unused_steps, std::vector<std::string>{"planning"});
}

TEST_F(Completions, UnsurfacedSpendLiesAtTheTimeOfTheCallAndFollowsItsPrice) {
  Store({CallAt("c", kEndUs - kMicrosPerDay)},
        {MakeCompletion("run", Outcome::kCompleted, kEndUs, {"planning"})});
  const auto at = [&](int64_t start_us, int64_t end_us) {
    return Value(db().Top({.window = Window::Of({start_us, end_us}), .attribute_key = ""}))
        .unsurfaced;
  };
  EXPECT_EQ(at(kEndUs, kNowUs), Picos{0});
  EXPECT_EQ(at(0, kEndUs), Picos{10});
  SetRates({MakeRate("claude-sonnet-4-6", 5, 5)});
  EXPECT_EQ(at(0, kEndUs), Picos{50});
}

TEST_F(Completions, ARankingThatReadsTheLogKnowsWhichStepsAreUnusedNow) {
  const auto unsurfaced = [&] {
    return Value(db().Top({.window = Always(), .by = GroupBy::kAttribute, .attribute_key = "team"}))
        .unsurfaced;
  };
  Call synthesis = CallAt("s", kEndUs, 70);
  synthesis.step = "doc_synthesis";
  Store({CallAt("p", kEndUs), synthesis, MakeCall("o", "other", "planning", 1)},
        {MakeCompletion("run", Outcome::kCompleted, kEndUs, {"doc_synthesis"})});
  EXPECT_EQ(unsurfaced(), Picos{70});
  Reopen();
  EXPECT_EQ(unsurfaced(), Picos{70});
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs + 1, {"planning"})});
  EXPECT_EQ(unsurfaced(), Picos{10});
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs, {"doc_synthesis"})});
  EXPECT_EQ(unsurfaced(), Picos{10}) << "an earlier completion";
  Reopen();
  EXPECT_EQ(unsurfaced(), Picos{10});
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kEndUs + 2)});
  EXPECT_EQ(unsurfaced(), Picos{0});
  Reopen();
  EXPECT_EQ(unsurfaced(), Picos{0});
}

TEST_F(Completions, ARunThatNobodyHeardOfIsNotFound) {
  EXPECT_EQ(db().GetRun("unknown").status().code(), absl::StatusCode::kNotFound);
  Store({}, {MakeCompletion("run", Outcome::kFailed, kEndUs)});
  EXPECT_EQ(Run().outcome, Outcome::kFailed);  // The run has no calls, and exists.
  EXPECT_TRUE(Run().calls.empty());
}

TEST_F(Completions, TheCallsOfARunComeByTimeThenById) {
  Store({CallAt("b", kEndUs), CallAt("c", kEndUs - 1), CallAt("a", kEndUs)});
  std::string order;
  for (const BilledCall& billed : Run().calls) {
    order += billed.call.event_id;
  }
  EXPECT_EQ(order, "cab");
}

TEST_F(Completions, UnpricedCallsOfARunAreShownBesideItsSpend) {
  Call unknown = CallAt("u", kEndUs);
  unknown.model = "mystery-1";
  Store({CallAt("c", kEndUs), unknown}, {MakeCompletion("run", Outcome::kCompleted, kEndUs)});
  EXPECT_EQ(WorkflowOf("support_ticket").unpriced_calls, 1);
  EXPECT_EQ(WorkflowOf("support_ticket").spend, Picos{10});
  SetRates({MakeRate("mystery-1", 2, 2)});
  EXPECT_EQ(WorkflowOf("support_ticket").unpriced_calls, 0);
  EXPECT_EQ(WorkflowOf("support_ticket").p50_completed, 30);
}

}  // namespace
}  // namespace itemized::testing
