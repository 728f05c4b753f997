// SPDX-License-Identifier: Apache-2.0
#include "server/api/ingest_queue.h"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/server/fake_store.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;

DecodedBatch BatchOf(int events) {
  pb::WriteRequest request;
  for (int i = 0; i < events; ++i) {
    request.mutable_batch()->add_events()->mutable_call()->set_step("a step");
  }
  auto bytes = std::make_shared<std::string>(request.SerializeAsString());
  return *DecodeWriteRequest({*bytes, bytes});
}

class IngestQueueTest : public ::testing::Test {
 protected:
  // Submits a batch whose answer is noted under `name`.
  void Submit(int events, std::string name) {
    queue_.Submit(
        BatchOf(events), std::nullopt, [this, name](absl::StatusOr<pb::BatchResult> result) {
          MutexLock lock(mutex_);
          answered_.push_back(result.ok() ? name
                                          : name + " " + std::string(result.status().message()));
        });
  }

  std::vector<std::string> answered() {
    MutexLock lock(mutex_);
    return answered_;
  }

  FakeStore store_;
  IngestQueue queue_{store_.Submitter(), 10};
  Mutex mutex_;
  std::vector<std::string> answered_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(IngestQueueTest, HoldsBatchesBackInTheirOrderUntilThereIsRoom) {
  Submit(6, "a");
  Submit(6, "b");
  Submit(1, "c");  // Would fit, but must not overtake.
  EXPECT_EQ(store_.submitted(), 1u);
  EXPECT_FALSE(queue_.HasRoom(1));
  store_.Accept();
  store_.AwaitSubmitted(3);
  store_.Accept();
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_THAT(answered(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(queue_.HasRoom(10));
}

TEST_F(IngestQueueTest, ABatchLargerThanAllRoomGoesAlone) {
  Submit(11, "a");
  store_.AwaitSubmitted(1);
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_THAT(answered(), ElementsAre("a"));
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
  queue_.Submit(BatchOf(0), BatchPosition{.sequence = 1},
                [](absl::StatusOr<pb::BatchResult> result) { EXPECT_TRUE(result.ok()); });
  store_.AwaitSubmitted(1);
  store_.Accept();
  queue_.WaitUntilIdle();
}

TEST_F(IngestQueueTest, RowsAndColumnsOfABatchAreOneSubmission) {
  pb::WriteRequest request;
  request.mutable_batch()->add_events()->mutable_call();
  request.mutable_batch()->mutable_columns()->add_time_offset_us(1);
  auto bytes = std::make_shared<std::string>(request.SerializeAsString());
  pb::BatchResult answer;
  queue_.Submit(*DecodeWriteRequest({*bytes, bytes}), std::nullopt,
                [&](absl::StatusOr<pb::BatchResult> result) { answer = *result; });
  store_.AwaitSubmitted(1);
  store_.Accept();
  queue_.WaitUntilIdle();
  EXPECT_EQ(answer.accepted(), 2);
}

}  // namespace
}  // namespace itemized::server
