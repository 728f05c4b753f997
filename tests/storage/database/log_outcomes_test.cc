// SPDX-License-Identifier: Apache-2.0
// What a database does when its log cannot say that an entry is in it.

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/log/faulty_log.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

class LogOutcomes : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseOptions options = Options();
    options.wrap_log = [this](std::unique_ptr<CommitLog> log) {
      return std::make_unique<FaultyLog>(std::move(log), &faults_);
    };
    Reopen(options);
  }
  ~LogOutcomes() override { Close(); }

  absl::Status Send(const std::string& id) {
    return db().Write(MakeBatch({MakeCall(id, "run", "step of " + id, 1'000)}, {})).status();
  }
  int64_t Calls() { return db().Info().calls; }

  // The test may touch these only while nothing is being written.
  std::deque<LogFault> next_;
  int failed_resolves_ = 0;
  const LogFaults faults_{.next =
                              [this](const Entry&) {
                                if (next_.empty()) {
                                  return LogFault::kNone;
                                }
                                const LogFault fault = next_.front();
                                next_.pop_front();
                                return fault;
                              },
                          .failed_resolves = [this] { return std::exchange(failed_resolves_, 0); }};
};

TEST_F(LogOutcomes, AnEntryThatWasRefusedLeavesNothingAndTheNextOneIsTaken) {
  next_ = {LogFault::kRefused};
  EXPECT_THAT(Send("a").message(), HasSubstr("The log refused."));
  EXPECT_EQ(Calls(), 0);
  EXPECT_TRUE(Send("b").ok());
  EXPECT_TRUE(Send("a").ok());
  EXPECT_EQ(Calls(), 2);
}

TEST_F(LogOutcomes, AnEntryOfWhichNobodyKnewIsFoundInTheLogAndCountedOnce) {
  next_ = {LogFault::kAppendedUnknown};
  EXPECT_EQ(Send("a").code(), absl::StatusCode::kUnavailable);
  const BatchResult again =
      Value(db().Write(MakeBatch({MakeCall("a", "run", "step of a", 1'000)}, {})));
  EXPECT_EQ(again.duplicate, 1);
  EXPECT_EQ(Calls(), 1);
}

TEST_F(LogOutcomes, AnEntryThatWasLostIsTakenWhenItIsSentAgain) {
  next_ = {LogFault::kLost};
  EXPECT_EQ(Send("a").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Send("a").ok());
  EXPECT_EQ(Calls(), 1);
}

TEST_F(LogOutcomes, NothingIsTakenBeforeTheLogHasSaidWhatItHas) {
  next_ = {LogFault::kAppendedUnknown};
  failed_resolves_ = 1'000'000;
  EXPECT_FALSE(Send("a").ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Send("b").message(), HasSubstr("not known yet what became of the last write"));
    EXPECT_EQ(db().SetRates({MakeRate("sonnet", 1, 1)}).status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(Calls(), 0);
    EXPECT_EQ(db().VerifyViews().code(), absl::StatusCode::kUnavailable);
  }
  Reopen();
  EXPECT_EQ(Calls(), 1);
}

TEST_F(LogOutcomes, AWriterThatIsFencedTakesNothingAnyMoreAndSaysWhy) {
  ASSERT_TRUE(Send("a").ok());
  next_ = {LogFault::kFenced};
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Send("b").message(), HasSubstr("Another server writes the log of this store now"));
  }
  EXPECT_EQ(Calls(), 1);
}

TEST_F(LogOutcomes, RatesOfWhichNobodyKnewHoldAndEarlierCallsArePricedByThem) {
  ASSERT_TRUE(Send("a").ok());
  next_ = {LogFault::kAppendedUnknown};
  EXPECT_EQ(db().SetRates({MakeRate("claude-sonnet-4-6", 7, 7)}).status().code(),
            absl::StatusCode::kUnavailable);
  ASSERT_TRUE(Send("b").ok());
  ASSERT_TRUE(db().WaitUntilRepriced().ok());
  EXPECT_EQ(db().ListRates().size(), 1U);
  EXPECT_EQ(db().Info().unpriced_calls, 0);
}

TEST_F(LogOutcomes, ABatchOfAProducerOfWhichNobodyKnewIsKnownByItsPlace) {
  const ProducerId id{7};
  std::promise<absl::StatusOr<ProducerSession>> begun;
  db().BeginSession({.id = id}, [&](auto session) { begun.set_value(std::move(session)); });
  const ProducerSession session = Value(begun.get_future().get());
  const auto submit = [&] {
    Call call = MakeCall("", "run", "step", 1'000);
    Submission submission;
    submission.parts.push_back(MakeBatch({call}, {}));
    submission.position =
        BatchPosition{.producer = id, .session = session.session, .sequence = 1, .content = 5};
    std::promise<absl::StatusOr<SubmissionResult>> done;
    db().Submit(std::move(submission), [&](auto result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  };
  next_ = {LogFault::kAppendedUnknown};
  EXPECT_EQ(submit().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Value(submit()).front().duplicate, 1);
  EXPECT_EQ(Calls(), 1);
}

}  // namespace
}  // namespace itemized::testing
