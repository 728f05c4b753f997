// SPDX-License-Identifier: Apache-2.0
// What a database answers does not depend on when it was opened.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

class Reopening : public DatabaseTest {
 protected:
  // A bit of everything.
  void Fill() {
    SetSonnetRate();
    for (int i = 0; i < 40; ++i) {
      Call call = MakeCall("c-" + std::to_string(i), "run-" + std::to_string(i % 5), "planning",
                           1'000 + 500 * i, i);
      call.time_us -= i * 7 * kMicrosPerHour;
      call.attributes = {{"tenant", i % 2 == 0 ? "acme" : "zeta"}};
      call.model = i % 9 == 0 ? "mystery-1" : call.model;
      call.duration_us = 1'000 * i;
      call.status = static_cast<CallStatus>(i % 3);
      Store({call});
    }
    Store({}, {MakeCompletion("run-0", Outcome::kCompleted, kNowUs, {"planning"}),
               MakeCompletion("run-1", Outcome::kAbandoned, kNowUs - 1)});
    EXPECT_EQ(Value(db().Retract({{"run-2", "c-2"}, {"run-3", "c-38"}})), 2);
    SetRates({MakeRate("claude-sonnet-4-6", 2 * kSonnetIn, kSonnetOut, kNowUs - kMicrosPerDay)});
  }

  std::string AllAnswers() {
    std::string text;
    for (const GroupBy by :
         {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow, GroupBy::kProvider}) {
      text += Describe(Top(by));
    }
    text += Describe(Value(
        db().Top({.window = Always(), .by = GroupBy::kAttribute, .attribute_key = "tenant"})));
    text += Describe(Value(db().Workflows(Always())));
    for (int i = 0; i < 5; ++i) {
      text += Describe(Value(db().GetRun("run-" + std::to_string(i))));
    }
    SeriesQuery series;
    series.window = Window::Last(12 * kMicrosPerDay);
    text += Describe(Value(db().Series(series)));
    text += Describe(Outliers()) + Describe(db().ThresholdOf("planning"));
    const DatabaseInfo info = db().Info();
    text += std::to_string(info.calls) + " " + std::to_string(info.unpriced_calls) + " " +
            std::to_string(info.runs) + " " + std::to_string(info.last_block);
    return text + Describe(db().ListRates()) + Describe(db().ListUnpriced());
  }
};

TEST_F(Reopening, GivesTheSameAnswers) {
  Fill();
  const std::string before = AllAnswers();
  Reopen();
  EXPECT_EQ(AllAnswers(), before);
  Reopen();
  EXPECT_EQ(AllAnswers(), before);
}

TEST_F(Reopening, GivesTheSameAnswersAfterACheckpointHalfWay) {
  Store({MakeCall("early", "run-0", "planning", 12'345)});
  ASSERT_TRUE(db().Checkpoint().ok());
  Fill();
  const std::string before = AllAnswers();
  Reopen();
  EXPECT_EQ(AllAnswers(), before);
}

TEST_F(Reopening, GivesTheSameAnswersWithFewRunsInMemory) {
  Fill();
  const std::string before = AllAnswers();
  DatabaseOptions few = Options();
  few.resident_runs_max = 1;
  Reopen(few);
  EXPECT_EQ(AllAnswers(), before);
}

TEST_F(Reopening, ACheckpointChangesNoAnswerAndCoversTheWholeLog) {
  Fill();
  const std::string before = AllAnswers();
  ASSERT_TRUE(db().Checkpoint().ok());
  EXPECT_EQ(AllAnswers(), before);
  EXPECT_EQ(db().Info().checkpointed_block, db().Info().last_block);
  EXPECT_TRUE(db().VerifyViews().ok());
  EXPECT_EQ(AllAnswers(), before);
}

// The row of a completed run is made when it is folded.
TEST_F(Reopening, ACompletedRunThatGoesOnIsStoredAsItIsAtTheCheckpoint) {
  SetSonnetRate();
  Store({MakeCall("a", "run-0", "planning", 1'000)},
        {MakeCompletion("run-0", Outcome::kFailed, kNowUs - 2)});
  Store({MakeCall("b", "run-0", "planning", 2'000)});
  Store({}, {MakeCompletion("run-0", Outcome::kCompleted, kNowUs - 1)});
  ASSERT_TRUE(db().Checkpoint().ok());
  EXPECT_TRUE(db().VerifyViews().ok());
  Store({MakeCall("c", "run-0", "planning", 4'000)});
  Reopen();
  const RunAnswer run = Value(db().GetRun("run-0"));
  EXPECT_EQ(run.outcome, Outcome::kCompleted);
  EXPECT_EQ(run.calls.size(), 3U);
  EXPECT_EQ(run.cost, TotalCost());
  EXPECT_TRUE(db().VerifyViews().ok());
}

TEST_F(Reopening, WritingGoesOnWhereItStopped) {
  Fill();
  Reopen();
  const Picos before = TotalCost();
  Call call = MakeCall("next", "run-0", "planning", 1'000);
  Store({call});
  EXPECT_EQ(TotalCost() - before, Picos{6'000'000'000});
  EXPECT_EQ(Write({call}).duplicate, 1);
}

TEST_F(Reopening, AnEmptyDatabaseAnswersEverything) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Top().rows.empty());
    EXPECT_TRUE(Value(db().Workflows(Always())).rows.empty());
    EXPECT_EQ(Outliers().total, 0);
    EXPECT_TRUE(db().ListRates().empty());
    EXPECT_EQ(db().Info().calls, 0);
    EXPECT_GT(db().Info().schema_version, 0);
    Reopen();
  }
}

TEST_F(Reopening, ASecondDatabaseOnTheDirectoryIsRefusedUntilTheFirstIsClosed) {
  EXPECT_EQ(Database::Open(Options()).status().code(), absl::StatusCode::kFailedPrecondition);
  Store({MakeCall("c", "run", "planning", 1)});  // The first one goes on.
  Close();
  EXPECT_TRUE(Database::Open(Options()).ok());
}

TEST_F(Reopening, ADirectoryThatIsMissingIsMade) {
  DatabaseOptions options = Options();
  options.directory = directory() + "/nested/deeper";
  Reopen(options);
  EXPECT_EQ(Write({MakeCall("c", "run", "planning", 1)}).accepted, 1);
}

TEST_F(Reopening, APathThatIsAFileIsRefusedWithASentence) {
  DatabaseOptions options = Options();
  options.directory = directory() + "/file";
  std::ofstream(options.directory) << "not a directory";
  const absl::Status status = Database::Open(options).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find(options.directory), std::string::npos) << status;
}

// Nobody can tell without the file whether the write-ahead log has lost what was acknowledged.
TEST_F(Reopening, AStoreWithoutItsFileAcknowledgedIsRefusedUntilThatIsAccepted) {
  Store({MakeCall("c", "run", "planning", 10)});
  Close();
  ASSERT_TRUE(std::filesystem::remove(directory() + "/acknowledged"));
  const absl::Status refused = Database::Open(Options()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_NE(refused.message().find("--accept-missing-acknowledged"), std::string::npos) << refused;
  EXPECT_FALSE(std::filesystem::exists(directory() + "/acknowledged"));
  DatabaseOptions accepting = Options();
  accepting.open_kv = [](const std::string& path) {
    return OpenRocksKv(path, nullptr, /*accept_missing_mark=*/true);
  };
  Reopen(accepting);
  Reopen();
  EXPECT_EQ(Top().total.calls, 1);
}

TEST_F(Reopening, SavesALongReplayAtOnceSoThatALoopOfCrashesEnds) {
  DatabaseOptions options = Options();
  options.checkpoint_interval_us = kMicrosPerDay;
  Reopen(options);
  for (int i = 0; i < 70; ++i) {
    Store({MakeCall("c" + std::to_string(i), "run", "planning", 10)});
  }
  EXPECT_EQ(db().Info().checkpointed_block, 0U);
  const TemporaryDirectory crashed;  // What a kill would leave.
  std::filesystem::copy(directory(), crashed.path(), std::filesystem::copy_options::recursive);
  options.directory = crashed.path();
  const auto next = Value(Database::Open(options));
  Value(next->Retract({}));  // The committer has begun.
  EXPECT_EQ(next->Info().checkpointed_block, 70U);
}

// A power cut may leave a store that was being made in this state.
TEST_F(Reopening, ADirectoryWithNothingButTheFirstFileAcknowledgedIsANewStore) {
  Close();
  const TemporaryDirectory fresh;
  DatabaseOptions options = Options();
  options.directory = fresh.path();
  Value(Database::Open(options)).reset();
  std::ifstream first(fresh.path() + "/acknowledged", std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(first)), {});
  EXPECT_EQ(content.size(), 16U);
  const TemporaryDirectory torn;
  std::ofstream(torn.path() + "/acknowledged").flush();  // Its name, and nothing in it yet.
  options.directory = torn.path();
  EXPECT_TRUE(Database::Open(options).ok());
  Reopen();
}

}  // namespace
}  // namespace itemized::testing
