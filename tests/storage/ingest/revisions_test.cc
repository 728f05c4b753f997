// SPDX-License-Identifier: Apache-2.0
// A call whose sender knows more of it later: a higher revision takes its place.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/model/limits.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

class Revisions : public DatabaseTest {
 protected:
  static Call Revised(const std::string& id, uint32_t revision, int64_t tokens,
                      int64_t time_us = kNowUs) {
    Call call = MakeCall(id, "run", "planning", tokens);
    call.revision = revision;
    call.time_us = time_us;
    return call;
  }

  absl::StatusOr<SubmissionResult> Submit(Submission submission) {
    std::promise<absl::StatusOr<SubmissionResult>> done;
    db().Submit(std::move(submission), [&](auto result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  }

  Picos CostOfRun() { return Value(db().GetRun("run")).cost; }

  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }
};

TEST_F(Revisions, AHigherOneTakesThePlaceOfTheStoredCall) {
  Store({Revised("a", 1, 100)});
  Store({Revised("a", 2, 250)});
  EXPECT_EQ(CostOfRun(), Picos{250} * kSonnetIn);
  EXPECT_EQ(TotalCost(), Picos{250} * kSonnetIn);
  EXPECT_EQ(db().Info().calls, 1);
  const RunAnswer run = Value(db().GetRun("run"));
  ASSERT_EQ(run.calls.size(), 1U);
  EXPECT_EQ(run.calls[0].call.revision, 2U);
}

TEST_F(Revisions, OneThatComesLateIsADuplicateWhateverItSays) {
  Store({Revised("a", 5, 100)});
  EXPECT_EQ(Write({Revised("a", 4, 7)}).duplicate, 1);
  EXPECT_EQ(Write({Revised("a", 0, 8)}).duplicate, 1);
  EXPECT_EQ(CostOfRun(), Picos{100} * kSonnetIn);
}

TEST_F(Revisions, TheSameOneWithOtherContentIsAConflict) {
  Store({Revised("a", 5, 100)});
  EXPECT_EQ(Write({Revised("a", 5, 100)}).duplicate, 1);
  const BatchResult result = Write({Revised("a", 5, 101)});
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kConflict);
}

TEST_F(Revisions, TheCallMayMoveToAnotherHourAndBack) {
  const int64_t before_us = kNowUs - 3 * kMicrosPerHour;
  Store({Revised("a", 0, 100), Revised("b", 0, 10, before_us)});
  Store({Revised("a", 1, 110, before_us), Revised("b", 1, 11)});
  Store({Revised("a", 2, 120), Revised("b", 2, 12, before_us)});
  EXPECT_EQ(CostOfRun(), Picos{132} * kSonnetIn);
  TopQuery query;
  query.window = Window::Of({before_us, before_us + kMicrosPerHour});
  EXPECT_EQ(Value(db().Top(query)).total.cost, Picos{12} * kSonnetIn);
}

TEST_F(Revisions, OfOneBatchTheHighestCountsAndTheOthersAreDuplicates) {
  const BatchResult result =
      Write({Revised("a", 2, 200), Revised("a", 9, 900), Revised("a", 1, 100)});
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.duplicate, 2);
  EXPECT_EQ(CostOfRun(), Picos{900} * kSonnetIn);
}

TEST_F(Revisions, OfOneBatchTheFirstOfTheSameRevisionCounts) {
  Store({Revised("a", 1, 100)});
  const BatchResult result =
      Write({Revised("a", 2, 200), Revised("a", 2, 200), Revised("a", 2, 201)});
  EXPECT_EQ(result.accepted, 1);
  EXPECT_EQ(result.duplicate, 1);
  EXPECT_EQ(result.refused(), 1);
  EXPECT_EQ(CostOfRun(), Picos{200} * kSonnetIn);
}

TEST_F(Revisions, AreKnownAfterAReopeningAndToARunThatIsReadFromItsRow) {
  DatabaseOptions options = Options();
  options.resident_runs_max = 0;
  Reopen(options);
  Store({Revised("a", 3, 100), Revised("b", 0, 1)});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(db().Checkpoint().ok());
    Reopen(options);
    EXPECT_EQ(Write({Revised("a", 3, 100)}).duplicate, 1);
    EXPECT_EQ(Write({Revised("a", 2, 7)}).duplicate, 1);
    EXPECT_EQ(Write({Revised("a", 3, 8)}).refused(), 1);
  }
  Store({Revised("a", 4, 500)});
  EXPECT_EQ(CostOfRun(), Picos{501} * kSonnetIn);
}

TEST_F(Revisions, MoveWhatNoUserSaw) {
  Store({Revised("a", 0, 100)}, {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"planning"})});
  Store({Revised("a", 1, 300)});
  EXPECT_EQ(Value(db().GetRun("run")).unsurfaced, Picos{300} * kSonnetIn);
}

TEST_F(Revisions, OneThatIsRefusedLeavesTheStoredCallWhereItIs) {
  SetRates({MakeRate("dear", int64_t{1'000'000'000'000'000}, 1)});
  Store({Revised("a", 1, 100)});
  Call dear = Revised("a", 2, 1'000'000'000);
  dear.model = "dear";
  EXPECT_EQ(Write({dear}).refused(), 1);
  EXPECT_EQ(CostOfRun(), Picos{100} * kSonnetIn);
}

TEST_F(Revisions, AreRefusedWithoutAnId) {
  const BatchResult result = Write({Revised("", 1, 100)});
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_THAT(result.refusals[0].message, HasSubstr("has a revision and no event_id"));
}

TEST_F(Revisions, BringBackACallThatWasRetracted) {
  Store({Revised("a", 1, 100)});
  ASSERT_EQ(Value(db().Retract({{"run", "a"}})), 1);
  EXPECT_EQ(Write({Revised("a", 1, 100)}).duplicate, 1);
  EXPECT_EQ(TotalCost(), Picos{0});
  Store({Revised("a", 2, 40)});
  EXPECT_EQ(CostOfRun(), Picos{40} * kSonnetIn);
}

TEST_F(Revisions, ASubmissionTakesOutAndBringsInWithOneCommit) {
  Store({Revised("sum", 0, 1'000), Revised("a", 1, 300)});
  const int64_t commits = db().Info().ingested.commits;
  Submission submission;
  submission.retractions = {{"run", "sum"}, {"run", "never stored"}, {"no such run", "a"}};
  submission.parts.push_back(MakeBatch({Revised("a", 2, 400), Revised("b", 0, 600)}));
  const SubmissionResult result = Value(Submit(std::move(submission)));
  ASSERT_EQ(result.size(), 1U);
  EXPECT_EQ(result[0].accepted, 2);
  EXPECT_EQ(db().Info().ingested.commits, commits + 1);
  EXPECT_EQ(CostOfRun(), Picos{1'000} * kSonnetIn);
  EXPECT_EQ(db().Info().calls, 2);
  EXPECT_EQ(db().GetRun("no such run").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(Revisions, ASubmissionOfAProducerThatIsRefusedKeepsItsPlaceInTheSequence) {
  std::promise<absl::StatusOr<ProducerSession>> begun;
  db().BeginSession({.id = {7}}, [&](auto session) { begun.set_value(std::move(session)); });
  const ProducerSession session = Value(begun.get_future().get());
  const auto submission = [&](size_t retractions) {
    Submission made;
    made.retractions.resize(retractions, {"run", "a"});
    made.parts.push_back(MakeBatch({Revised("b", 0, 7)}));
    made.position =
        BatchPosition{.producer = {7}, .session = session.session, .sequence = 1, .content = 1};
    return made;
  };
  EXPECT_EQ(Submit(submission(kBatchEventsMax + 1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Value(Submit(submission(1)))[0].accepted, 1);
}

TEST_F(Revisions, ASubmissionMayDoNothingButTakeOut) {
  Store({Revised("a", 0, 100), Revised("b", 0, 1)});
  Submission submission;
  submission.retractions = {{"run", "a"}, {"run", "a"}};
  EXPECT_TRUE(Submit(std::move(submission)).ok());
  EXPECT_EQ(CostOfRun(), Picos{1} * kSonnetIn);
}

TEST_F(Revisions, OfACallThatIsNoLongerKeptIsRefused) {
  Store({Revised("a", 1, 100, kNowUs - 5 * kMicrosPerDay), Revised("b", 0, 1)});
  DatabaseOptions options = Options();
  options.retain_events_us = 2 * kMicrosPerDay;
  Reopen(options);
  while (db().Info().events_kept_from_us == 0 || db().Info().is_dropping) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  const BatchResult result = Write({Revised("a", 2, 50)});
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kTooOld);
  EXPECT_EQ(CostOfRun(), Picos{101} * kSonnetIn);
}

}  // namespace
}  // namespace itemized::testing
