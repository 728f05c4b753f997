// SPDX-License-Identifier: Apache-2.0
// What is dropped, what stays, and what can no longer be told.

#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "storage/base/failpoint.h"
#include "storage/maintenance/verify.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kDays = 12;
constexpr int kKept = 5;
constexpr int64_t kFirstKeptUs = kNowUs - kKept * kMicrosPerDay;  // kNowUs is a midnight.

class RetentionTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
    for (int day = 0; day < kDays; ++day) {
      for (int i = 0; i < 8; ++i) {
        StoreRun("run-" + std::to_string(day) + "-" + std::to_string(i),
                 kNowUs - day * kMicrosPerDay - i * 3 * kMicrosPerHour - kMinuteUs, 100 * (i + 1));
      }
    }
    // Begins long before the first day that is kept, and ends after it.
    Store({At(MakeCall("old", "long", "planning", 7), kFirstKeptUs - kMicrosPerHour),
           At(MakeCall("new", "long", "planning", 9), kFirstKeptUs + kMicrosPerHour)},
          {MakeCompletion("long", Outcome::kCompleted, kFirstKeptUs + 2 * kMicrosPerHour,
                          {"planning"})});
  }

  static Call At(Call call, int64_t time_us) {
    call.time_us = time_us;
    return call;
  }

  void StoreRun(const std::string& run, int64_t time_us, int64_t tokens) {
    Store({At(MakeCall("a", run, "planning", tokens), time_us),
           At(MakeCall("b", run, "answer", tokens * 10), time_us + kMinuteUs / 2)},
          {MakeCompletion(run, Outcome::kCompleted, time_us + kMinuteUs / 2, {"planning"})});
  }

  DatabaseOptions Keeping() const {
    DatabaseOptions options = Options();
    options.retain_events_us = kKept * kMicrosPerDay;
    return options;
  }

  void Retain() {
    Reopen(Keeping());
    AwaitDropped();
  }

  void AwaitDropped() {
    while (db().Info().events_kept_from_us != kFirstKeptUs || db().Info().is_dropping) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }

  // Of all windows of whole days.
  std::string Answers() {
    std::string answers;
    for (int from = 0; from < kDays; ++from) {
      for (const int to : {from + 1, kDays}) {
        TopQuery query;
        query.window = Window::Of(
            {kNowUs - to * kMicrosPerDay, kNowUs - from * kMicrosPerDay + (from == 0 ? 1 : 0)});
        for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow}) {
          query.by = by;
          answers += Describe(Value(db().Top(query)));
        }
        answers += Describe(Value(db().Workflows(query.window)));
      }
    }
    SeriesQuery series;
    series.window = Window::Of({kNowUs - kDays * kMicrosPerDay, kNowUs});
    series.by_hour = true;
    return answers + Describe(Value(db().Series(series)));
  }
};

TEST_F(RetentionTest, ChangesNoAnswerAboutWholeDays) {
  const std::string before = Answers();
  Retain();
  EXPECT_EQ(Answers(), before);
  const VerifyReport report = Value(db().Verify());
  EXPECT_EQ(report.differences, 0);
  EXPECT_GT(report.carried, 0);
  Reopen(Keeping());
  EXPECT_EQ(Answers(), before);
}

TEST_F(RetentionTest, DropsBlocksAndRunsThatLieWhollyBefore) {
  const int64_t blocks = Value(db().Verify()).blocks;
  Retain();
  EXPECT_LT(Value(db().Verify()).blocks, blocks * (kKept + 1) / kDays + 2);
  EXPECT_EQ(db().GetRun("run-9-0").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(db().GetRun("run-1-0").ok());
  const RunAnswer straddling = Value(db().GetRun("long"));
  EXPECT_EQ(straddling.cost, Picos{16 * kSonnetIn});
  ASSERT_EQ(straddling.calls.size(), 1U);
  EXPECT_EQ(straddling.calls[0].call.event_id, "new");
}

TEST_F(RetentionTest, WhatIsTooOldIsRefusedForItCannotBeProvenNew) {
  Retain();
  const BatchResult result = Write({At(MakeCall("a", "run-9-0", "planning", 1), kFirstKeptUs - 1),
                                    At(MakeCall("fresh", "fresh", "planning", 1), kFirstKeptUs)},
                                   {MakeCompletion("run-9-0", Outcome::kFailed, kFirstKeptUs - 1)});
  EXPECT_EQ(result.accepted, 1);
  ASSERT_EQ(result.refusals.size(), 2U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kTooOld);
  EXPECT_EQ(result.refusals[0].index, 0U);
  EXPECT_EQ(result.refusals[1].index, 2U);
  EXPECT_THAT(result.refusals[0].message, HasSubstr("2026-10-27T00:00:00Z"));
}

TEST_F(RetentionTest, WhatIsKeptIsStillCountedOnce) {
  Retain();
  EXPECT_EQ(
      Write({At(MakeCall("new", "long", "planning", 9), kFirstKeptUs + kMicrosPerHour)}).duplicate,
      1);
  const int64_t time_us = kNowUs - kMicrosPerDay - kMinuteUs;
  EXPECT_EQ(Write({At(MakeCall("a", "run-1-0", "planning", 100), time_us)}).duplicate, 1);
  Reopen(Keeping());
  EXPECT_EQ(Write({At(MakeCall("a", "run-1-0", "planning", 100), time_us)}).duplicate, 1);
}

TEST_F(RetentionTest, AWindowThatCutsADroppedDayIsRefusedWithASentence) {
  Retain();
  TopQuery query;
  query.window = Window::Of({kFirstKeptUs - kMicrosPerHour / 2, kNowUs});
  EXPECT_THAT(db().Top(query).status().message(), HasSubstr("only whole UTC days"));
  query.window = Window::Of({kFirstKeptUs - kMicrosPerDay, kNowUs});
  EXPECT_TRUE(db().Top(query).ok());
  query.by = GroupBy::kAttribute;
  query.attribute_key = "tenant";
  EXPECT_EQ(db().Top(query).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RetentionTest, AWindowThatEndsNowBeginsWithTheDay) {
  Retain();
  clock().Advance(5 * kMicrosPerHour);
  TopQuery query;
  query.window = Window::Last(9 * kMicrosPerDay);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(Value(db().Top(query)).range.start_us, kNowUs - 9 * kMicrosPerDay);
    clock().Advance(kMicrosPerHour);
  }
  OutliersQuery outliers;
  outliers.window = query.window;
  EXPECT_GT(Value(db().Outliers(outliers)).learning_calls, 0);
}

TEST_F(RetentionTest, ARateThatComesLaterPricesOnlyWhatIsKept) {
  Retain();
  SetRates({MakeRate("claude-sonnet-4-6", 2 * kSonnetIn, kSonnetOut)});
  EXPECT_EQ(Value(db().GetRun("long")).cost, Picos{(7 + 2 * 9) * kSonnetIn});
  EXPECT_EQ(Value(db().Retract({{"long", "old"}, {"long", "new"}})), 1);
}

TEST_F(RetentionTest, GoesOnAsDaysGoBy) {
  Retain();
  clock().Advance(kMicrosPerDay);
  while (db().Info().events_kept_from_us != kFirstKeptUs + kMicrosPerDay ||
         db().Info().is_dropping) {
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  EXPECT_EQ(db().GetRun("run-5-0").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RetentionTest, NeverGoesBack) {
  Retain();
  Reopen();  // Keeps all, from now on.
  EXPECT_EQ(db().Info().events_kept_from_us, kFirstKeptUs);
  EXPECT_EQ(Write({At(MakeCall("x", "x", "planning", 1), kFirstKeptUs - 1)}).refusals.size(), 1U);
}

class RollupRetentionTest : public RetentionTest {
 protected:
  static constexpr int64_t kRollupsUs = 31 * kMicrosPerDay;

  void SetUp() override {
    RetentionTest::SetUp();
    StoreRun("ancient", kNowUs - 40 * kMicrosPerDay, 500);
  }

  DatabaseOptions Keeping() const {
    DatabaseOptions options = RetentionTest::Keeping();
    options.retain_rollups_us = kRollupsUs;
    return options;
  }

  void RetainRollups() {
    Reopen(Keeping());
    while (db().Info().rollups_kept_from_us != kNowUs - kRollupsUs || db().Info().is_dropping) {
      ASSERT_TRUE(db().Checkpoint().ok());
    }
  }

  // TearDown asks for all there is.
  void TearDown() override { Close(); }
};

TEST_F(RollupRetentionTest, DropsWhatIsOlderAndChangesNothingElse) {
  const std::string before = Answers();
  const int64_t calls = db().Info().calls;
  RetainRollups();
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_EQ(Answers(), before);
    EXPECT_EQ(db().Info().calls, calls - 2);
    EXPECT_TRUE(db().VerifyViews().ok());
    Reopen(Keeping());
  }
}

TEST_F(RollupRetentionTest, AWindowThatReachesFurtherBackIsRefusedOrCut) {
  RetainRollups();
  TopQuery query;
  query.window = Window::Of({kNowUs - 50 * kMicrosPerDay, kNowUs});
  EXPECT_THAT(db().Top(query).status().message(), HasSubstr("nothing before 2026-10-01"));
  query.window = Window::Last(50 * kMicrosPerDay);
  EXPECT_EQ(Value(db().Top(query)).range.start_us, kNowUs - kRollupsUs);
}

TEST_F(RollupRetentionTest, ARunThatOutlivesItsFirstRollupsGoesOn) {
  Store({At(MakeCall("first", "tough", "planning", 50), kNowUs - 35 * kMicrosPerDay),
         At(MakeCall("last", "tough", "answer", 60), kNowUs - kMicrosPerDay)});
  RetainRollups();
  const std::string before = Answers();
  Store({}, {MakeCompletion("tough", Outcome::kAbandoned, kNowUs - kMicrosPerDay, {"planning"})});
  EXPECT_NE(Answers(), before);
  EXPECT_EQ(Value(db().GetRun("tough")).cost, Picos{110 * kSonnetIn});
  ASSERT_TRUE(db().Checkpoint().ok());
  EXPECT_TRUE(db().VerifyViews().ok());
}

TEST_F(RollupRetentionTest, MustBeAsLongAsThatOfEvents) {
  Close();
  DatabaseOptions options = Keeping();
  options.retain_rollups_us = 30 * kMicrosPerDay;
  EXPECT_EQ(Database::Open(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.retain_rollups_us = kRollupsUs;
  options.retain_events_us = 0;
  EXPECT_THAT(Database::Open(options).status().message(), HasSubstr("drop events too"));
}

constexpr unsigned kVictimSeconds = 120;

class RetentionKills : public RetentionTest, public ::testing::WithParamInterface<Failpoint> {
 protected:
  // The process that will be killed is made while this one has no threads yet: those
  // of a database are not there after a fork.
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    victim_ = fork();
    if (victim_ == 0) {
      close(ends[1]);
      char begin = 0;
      if (read(ends[0], &begin, 1) == 1) {
        ArmFailpoint(GetParam(), 1);
        DatabaseOptions options = Keeping();
        options.checkpoint_interval_us = 10'000;
        Reopen(options);
        alarm(kVictimSeconds);  // Another end than the one that is expected.
        while (true) {
          pause();
        }
      }
      _exit(0);
    }
    close(ends[0]);
    begin_ = ends[1];
    RetentionTest::SetUp();
    Store({At(MakeCall("old", "open", "planning", 7), kFirstKeptUs - kMicrosPerHour),
           At(MakeCall("new", "open", "planning", 9), kFirstKeptUs + kMicrosPerHour)});
  }

  // Has the victim drop what is too old until it dies.
  void RetainAndDie() {
    Close();
    ASSERT_EQ(write(begin_, "b", 1), 1);
    close(begin_);
    int status = 0;
    ASSERT_EQ(waitpid(victim_, &status, 0), victim_);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the failpoint was not passed";
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
  }

 private:
  pid_t victim_ = 0;
  int begin_ = 0;
};

TEST_P(RetentionKills, AreFinishedByTheNextProcess) {
  const std::string before = Answers();
  ASSERT_NO_FATAL_FAILURE(RetainAndDie());
  Reopen();  // A process without the flag finishes it too.
  AwaitDropped();
  EXPECT_EQ(Answers(), before);
  EXPECT_EQ(db().GetRun("run-9-0").status().code(), absl::StatusCode::kNotFound);
  Store({}, {MakeCompletion("open", Outcome::kCompleted, kNowUs, {"planning"})});
  EXPECT_EQ(Value(db().GetRun("open")).unsurfaced, Picos{16 * kSonnetIn});
}

INSTANTIATE_TEST_SUITE_P(Places, RetentionKills,
                         ::testing::Values(Failpoint::kDropBegun, Failpoint::kRunsDropped,
                                           Failpoint::kBlocksDropped));

}  // namespace
}  // namespace itemized::testing
