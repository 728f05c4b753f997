// SPDX-License-Identifier: Apache-2.0
// A retracted call leaves no trace in any view, and stays known.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

class Retraction : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }
  int64_t Retract(const std::string& workflow_id, const std::string& event_id) {
    return Value(db().Retract({{workflow_id, event_id}}));
  }
  std::string AllViews() {
    return Describe(Top()) + Describe(Top(GroupBy::kModel)) +
           Describe(Value(db().Workflows(Always()))) + Describe(Outliers()) +
           Describe(db().ListUnpriced());
  }
};

TEST_F(Retraction, EveryViewIsAsIfTheCallHadNeverCome) {
  Store({MakeCall("stays", "run-1", "planning", 1'000)});
  const std::string before = AllViews();
  Call unknown = MakeCall("u", "run-2", "lookup", 9);
  unknown.model = "mystery-1";
  Store({MakeCall("goes", "run-1", "planning", 77'000), unknown});
  EXPECT_NE(AllViews(), before);
  EXPECT_EQ(Value(db().Retract({{"run-1", "goes"}, {"run-2", "u"}})), 2);
  EXPECT_EQ(AllViews(), before);
  EXPECT_EQ(Value(db().GetRun("run-1")).calls.size(), 1U);
  EXPECT_EQ(db().Info().calls, 1);
}

TEST_F(Retraction, UnknownAndRepeatedOnesAreSkipped) {
  Store({MakeCall("c", "run", "planning", 1'000)});
  EXPECT_EQ(Value(db().Retract({{"run", "x"}, {"other", "c"}, {"run", "c"}, {"run", "c"}})), 1);
  EXPECT_EQ(Retract("run", "c"), 0);
  EXPECT_EQ(Value(db().Retract({})), 0);
  EXPECT_EQ(Top().total.calls, 0);
}

TEST_F(Retraction, ACallWithoutAnIdCannotBeNamed) {
  Store({MakeCall("", "run", "planning", 1'000)});
  EXPECT_EQ(Retract("run", ""), 0);
  EXPECT_EQ(Top().total.calls, 1);
}

TEST_F(Retraction, AReDeliveryIsADuplicateAlsoAfterReopening) {
  const Call call = MakeCall("c", "run", "planning", 1'000);
  Store({call});
  EXPECT_EQ(Retract("run", "c"), 1);
  EXPECT_EQ(Write({call}).duplicate, 1);
  Reopen();
  EXPECT_EQ(Write({call}).duplicate, 1);
  EXPECT_EQ(Retract("run", "c"), 0);
  EXPECT_EQ(TotalCost(), Picos{0});
}

TEST_F(Retraction, AFlaggedCallLeavesTheOutliers) {
  std::vector<Call> usual;
  for (int i = 0; i < 30; ++i) {
    usual.push_back(MakeCall("usual-" + std::to_string(i), "run", "planning", 1'000));
  }
  Store(usual);
  Store({MakeCall("c", "run", "planning", 1'000'000), MakeCall("d", "run", "new", 1'000'000)});
  EXPECT_EQ(Outliers().total, 1);
  EXPECT_EQ(Outliers().learning_calls, 1);
  EXPECT_EQ(Retract("run", "c"), 1);
  EXPECT_EQ(Retract("run", "d"), 1);
  EXPECT_EQ(Outliers().total, 0);
  EXPECT_EQ(Outliers().learning_calls, 0);
  EXPECT_EQ(Top().total.outliers, 0);
  EXPECT_EQ(Top().total.learning_calls, 0);
  EXPECT_EQ(db().ThresholdOf("planning").sample_count, 30);
  EXPECT_EQ(db().ThresholdOf("new").sample_count, 0);
}

TEST_F(Retraction, ARunWithoutItsLastCallIsGoneUnlessItEnded) {
  Store({MakeCall("c", "open", "planning", 1'000), MakeCall("c", "ended", "planning", 1'000)},
        {MakeCompletion("ended", Outcome::kCompleted, kNowUs)});
  EXPECT_EQ(Value(db().Retract({{"open", "c"}, {"ended", "c"}})), 2);
  EXPECT_EQ(db().GetRun("open").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Value(db().GetRun("ended")).cost, Picos{0});
  const WorkflowRow row = WorkflowOf("support_ticket");
  EXPECT_EQ(row.runs[0], 0);
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kCompleted)], 1);
  EXPECT_EQ(db().Info().runs, 1);

  Store({MakeCall("d", "open", "planning", 1'000)});  // And it can come back.
  EXPECT_EQ(Value(db().GetRun("open")).cost, Picos{3'000'000'000});
}

TEST_F(Retraction, AnOpenRunFallsBackToItsEarlierCallAndName) {
  Call first = MakeCall("first", "run", "planning", 1);
  first.workflow = "research";
  first.time_us = kNowUs - kMicrosPerDay;
  const Call last = MakeCall("last", "run", "planning", 1);
  Store({first, last});
  const auto rows_within = [&](int64_t start_us, int64_t end_us) {
    return Value(db().Workflows(Window::Of({start_us, end_us}))).rows;
  };
  EXPECT_TRUE(rows_within(0, kNowUs).empty());
  EXPECT_EQ(Value(db().GetRun("run")).workflow, "research");
  EXPECT_EQ(Retract("run", "last"), 1);
  ASSERT_EQ(rows_within(0, kNowUs).size(), 1U);
  EXPECT_EQ(rows_within(0, kNowUs)[0].workflow, "research");
}

TEST_F(Retraction, TheNameOfARetractedCallNamesItsRunNoMore) {
  Call first = MakeCall("first", "run", "planning", 1);
  first.workflow = "research";
  Store({first, MakeCall("second", "run", "planning", 1)});
  EXPECT_EQ(Retract("run", "first"), 1);
  EXPECT_EQ(Value(db().GetRun("run")).workflow, "support_ticket");
  Reopen();
  EXPECT_EQ(Value(db().GetRun("run")).workflow, "support_ticket");
}

TEST_F(Retraction, UnsurfacedSpendGoesWithItsCall) {
  Store({MakeCall("c", "run", "planning", 1'000)},
        {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"planning"})});
  EXPECT_EQ(Top().unsurfaced, Picos{3'000'000'000});
  EXPECT_EQ(Retract("run", "c"), 1);
  EXPECT_EQ(Top().unsurfaced, Picos{0});
  EXPECT_EQ(WorkflowOf("support_ticket").unsurfaced, Picos{0});
}

TEST_F(Retraction, ARateDoesNotPriceARetractedCallAgain) {
  Store({MakeCall("c", "run", "planning", 1'000)});
  EXPECT_EQ(Retract("run", "c"), 1);
  const RateChange change = Value(db().SetRates({MakeRate("claude-sonnet-4-6", 1, 1)}));
  EXPECT_EQ(change.repriced_calls, 0);
  EXPECT_EQ(TotalCost(), Picos{0});
}

TEST_F(Retraction, ACallCanBeRetractedAfterItWasPricedAgain) {
  Store({MakeCall("c", "run", "planning", 1'000), MakeCall("d", "run", "planning", 1)});
  SetRates({MakeRate("claude-sonnet-4-6", 7, 7)});
  EXPECT_EQ(Retract("run", "c"), 1);
  EXPECT_EQ(TotalCost(), Picos{7});
  EXPECT_EQ(TopOf("planning").p95_cost, 7);
}

}  // namespace
}  // namespace itemized::testing
