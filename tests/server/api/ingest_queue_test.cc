// SPDX-License-Identifier: Apache-2.0
#include "server/api/ingest_queue.h"

#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/server/api/fake_store.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::server {
namespace {

using ::testing::ElementsAre;

Submission SubmissionOf(size_t events) {
  Submission submission;
  if (events > 0) {
    submission.parts.push_back(MakeBatch(std::vector<Call>(events)));
  }
  return submission;
}

const Principal kLocal = Principal::Local();

class IngestQueueTest : public ::testing::Test {
 protected:
  // Submits a batch whose answer is noted under `name`.
  void Submit(size_t events, std::string name, int64_t bytes = 0) {
    queue_.Submit(kLocal, SubmissionOf(events), bytes,
                  [this, name](const absl::StatusOr<SubmissionResult>& result) {
                    MutexLock lock(mutex_);
                    answered_.push_back(
                        result.ok() ? name : name + " " + std::string(result.status().message()));
                  });
  }

  std::vector<std::string> answered() {
    MutexLock lock(mutex_);
    return answered_;
  }

  FakeStore store_;
  IngestQueue queue_{store_.Submitter(), {.events = 10, .bytes = 100}};
  Mutex mutex_;
  std::vector<std::string> answered_ ABSL_GUARDED_BY(mutex_);
};

class IngestQueueOverADatabase : public testing::DatabaseTest {
 protected:
  // Makes a submission of `count` calls whose ids begin with `name`.
  static Submission CallsOf(const std::string& name, int count) {
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(testing::MakeCall(absl::StrCat(name, "-", i), "run", "planning", 1));
    }
    return {.parts = {MakeBatch(calls)}};
  }
};

TEST_F(IngestQueueTest, HoldsBatchesBackInTheirOrderUntilThereIsRoom) {
  Submit(6, "a");
  Submit(6, "b");
  Submit(1, "c");  // It would fit, but must not overtake.
  EXPECT_EQ(store_.submitted(), 1u);
  EXPECT_EQ(queue_.CheckRoom(1).code(), absl::StatusCode::kResourceExhausted);
  store_.Accept();
  store_.AwaitSubmitted(3);
  store_.Accept();
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_THAT(answered(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(queue_.CheckRoom(10).ok());
}

TEST_F(IngestQueueTest, ReadsNoFurtherWhileMessagesThatAreNotStoredTakeAllBytes) {
  Submit(1, "a", 60);
  EXPECT_TRUE(queue_.MayRead());
  Submit(1, "b", 40);
  EXPECT_FALSE(queue_.MayRead());
  EXPECT_EQ(queue_.CheckRoom(1).code(), absl::StatusCode::kResourceExhausted);
  store_.Accept();
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_TRUE(queue_.MayRead());
  EXPECT_TRUE(queue_.CheckRoom(1).ok());
}

TEST_F(IngestQueueTest, ABatchLargerThanAllRoomGoesAlone) {
  Submit(11, "a");
  store_.AwaitSubmitted(1);
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_THAT(answered(), ElementsAre("a"));
}

TEST_F(IngestQueueTest, ASubmissionThatOnlyRetractsGoesToTheDatabase) {
  Submission submission;
  submission.retractions = {{"run", "a"}};
  queue_.Submit(kLocal, std::move(submission), 0, [](const auto&) {});
  EXPECT_EQ(store_.submitted(), 1u);
  if (store_.submitted() == 1) {  // Otherwise nothing waits for an answer.
    store_.Accept();
  }
  queue_.WaitUntilIdle();
}

TEST_F(IngestQueueTest, PassesErrorsOn) {
  Submit(2, "a");
  store_.AwaitSubmitted(1);
  store_.Fail(absl::UnavailableError("disk"));
  queue_.WaitUntilIdle();
  EXPECT_THAT(answered(), ElementsAre("a disk"));
}

TEST_F(IngestQueueTest, TheLogHearsOnceThatNothingIsTakenAndOnceThatItIsAgain) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  spdlog::set_pattern("%l: %v");
  for (int i = 1; i <= 4; ++i) {
    Submit(1, "a");
    store_.AwaitSubmitted(static_cast<size_t>(i));
    i <= 2 ? store_.Fail(absl::UnavailableError("no room")) : store_.Accept();
    queue_.WaitUntilIdle();
  }
  spdlog::set_default_logger(before);
  EXPECT_EQ(log.str(), "error: Events are not taken: no room\ninfo: Events are taken again.\n");
}

TEST_F(IngestQueueTest, AnEmptyBatchIsAnsweredAtOnce) {
  Submit(0, "a");
  EXPECT_THAT(answered(), ElementsAre("a"));
  EXPECT_EQ(store_.submitted(), 0u);
}

TEST_F(IngestQueueTest, AnEmptyBatchOfAProducerTakesItsPlaceInTheSequence) {
  Submission empty;
  empty.position = BatchPosition{.sequence = 1};
  queue_.Submit(kLocal, std::move(empty), 0,
                [](const absl::StatusOr<SubmissionResult>& result) { EXPECT_TRUE(result.ok()); });
  store_.AwaitSubmitted(1);
  store_.Accept();
  queue_.WaitUntilIdle();
}

// What the database has not taken yet is a part of what the queue counts, so both may have one
// limit.
TEST_F(IngestQueueOverADatabase, ADatabaseWithTheSameLimitRefusesNothing) {
  constexpr size_t kEventsMax = 20;
  constexpr int kSenders = 4;
  constexpr int kSubmissions = 50;
  DatabaseOptions options = Options();
  options.pending_events_max = kEventsMax;
  Reopen(options);
  IngestQueue queue(
      [this](Submission submission, SubmitDone done) {
        db().Submit(std::move(submission), std::move(done));
      },
      {.events = kEventsMax});
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&queue, sender] {
      for (int i = 0; i < kSubmissions; ++i) {
        queue.Submit(kLocal, CallsOf(absl::StrCat(sender, "-", i), 1 + i % 25), 0,
                     [](const absl::StatusOr<SubmissionResult>& result) {
                       EXPECT_TRUE(result.ok()) << result.status();
                     });
      }
    });
  }
  for (std::thread& sender : senders) {
    sender.join();
  }
  queue.WaitUntilIdle();
  EXPECT_EQ(db().Info().calls, kSenders * 2 * (25 * 26 / 2));
}

}  // namespace
}  // namespace itemized::server
