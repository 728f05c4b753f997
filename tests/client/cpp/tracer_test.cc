// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/tracer.h"

#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <sys/wait.h>

#include "tests/client/cpp/fake_ingest_server.h"
#include "tests/client/cpp/tracer_for_test.h"

namespace itemized::client {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

TEST(Tracer, SendsABatchWhenItHasEnoughCalls) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  TracerOptions options = PatientOptions(server.address());
  options.batch_calls_max = 3;
  Tracer tracer(options);
  RecordMany(tracer, 7);
  store.AwaitCalls(6);
  EXPECT_THAT(store.batch_sizes(), ElementsAre(3, 3));
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(store.batch_sizes(), ElementsAre(3, 3, 1));
}

TEST(Tracer, SendsABatchWhenItIsOldEnough) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  TracerOptions options = PatientOptions(server.address());
  options.batch_age_max = absl::Milliseconds(1);
  Tracer tracer(options);
  tracer.Record(CallOf("run"));
  store.AwaitCalls(1);
}

TEST(Tracer, SendsCompletions) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer tracer(PatientOptions(server.address()));
  tracer.Complete("run-1", Outcome::kShortCircuited, {"draft"}, "support");
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  ASSERT_THAT(store.completions(), SizeIs(1));
  EXPECT_EQ(store.completions()[0].workflow_id(), "run-1");
  EXPECT_EQ(store.completions()[0].workflow(), "support");
  EXPECT_EQ(store.completions()[0].unused_steps(0), "draft");
  EXPECT_GT(store.completions()[0].time_unix_us(), 0);
}

TEST(Tracer, FlushWithNothingRecordedNeedsNoServer) {
  Tracer tracer(PatientOptions(AbsentAddress()));
  EXPECT_TRUE(tracer.Flush(absl::ZeroDuration()).ok());
}

TEST(Tracer, GivesEveryCallAnIdOfItsOwn) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer one(PatientOptions(server.address()));
  Tracer other(PatientOptions(server.address()));
  RecordMany(one, 2500);
  RecordMany(other, 2500);
  ASSERT_TRUE(one.Flush(kPatience).ok());
  ASSERT_TRUE(other.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(5000));
  EXPECT_EQ(store.duplicates(), 0);
}

TEST(Tracer, RecordReturnsThoughNobodyAcknowledges) {
  FakeStore store;
  FakeIngestServer server(store, 0, /*acks=*/false);
  TracerOptions options = PatientOptions(server.address());
  options.batch_calls_max = 10;
  options.window = 2;
  Tracer tracer(options);
  RecordMany(tracer, 1000);  // Far beyond the window; would hang here if it blocked.
  store.AwaitBatches(2);
  EXPECT_EQ(tracer.Stats().queued, 1000u);
  server.AllowAcks(1000);
  EXPECT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(store.calls(), SizeIs(1000));
}

TEST(Tracer, DropsAndCountsWhatTheQueueHasNoRoomFor) {
  TracerOptions options = PatientOptions(AbsentAddress());
  options.queue_calls_max = 100;
  Tracer tracer(options);
  RecordMany(tracer, 130);
  const TracerStats stats = tracer.Stats();
  EXPECT_EQ(stats.recorded, 100u);
  EXPECT_EQ(stats.queued, 100u);
  EXPECT_EQ(stats.dropped, 30u);
}

TEST(Tracer, BoundsTheMemoryOfTheQueue) {
  TracerOptions options = PatientOptions(AbsentAddress());
  options.queue_bytes_max = 1 << 20;
  Tracer tracer(options);
  for (int i = 0; i < 100; ++i) {
    tracer.Record(CallOf("run", std::string(100'000, 's')));
  }
  EXPECT_EQ(tracer.Stats().recorded, 10u);
  EXPECT_EQ(tracer.Stats().dropped, 90u);
}

TEST(Tracer, ARecordTooLargeForAnyServerIsDropped) {
  Tracer tracer(PatientOptions(AbsentAddress()));
  tracer.Record(CallOf("run", std::string(2 << 20, 's')));
  EXPECT_EQ(tracer.Stats().dropped, 1u);
  EXPECT_THAT(tracer.Stats().last_error, HasSubstr("1 MiB"));
}

TEST(Tracer, ALargeQueueIsSentInBatchesAServerCanRead) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer tracer(PatientOptions(server.address()));
  for (int i = 0; i < 30; ++i) {  // Each string is another, so none is shared: 27 MB.
    tracer.Record(CallOf("run", std::string(900'000, 's') + std::to_string(i)));
  }
  const absl::Status status = tracer.Flush(kPatience);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(store.batch_sizes(), Each(Le(4)));
}

TEST(Tracer, FlushSaysHowManyCallsAreNotAcknowledged) {
  const std::string address = AbsentAddress();
  Tracer tracer(PatientOptions(address));
  RecordMany(tracer, 42);
  const absl::Status status = tracer.Flush(absl::Milliseconds(50));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("42"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(Tracer, DeliversToAServerThatStartsLater) {
  const std::string address = AbsentAddress();
  Tracer tracer(PatientOptions(address));
  RecordMany(tracer, 10);
  EXPECT_FALSE(tracer.Flush(absl::Milliseconds(20)).ok());
  FakeStore store;
  FakeIngestServer server(store, std::stoi(address.substr(address.find(':') + 1)));
  EXPECT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(10));
}

TEST(Tracer, ReportsRefusedCallsWithTheirSentence) {
  FakeStore store;
  store.set_judge([](const pb::Call& call) {
    return call.step() == "bad" ? "step must not be bad; name it well." : "";
  });
  FakeIngestServer server(store, 0);
  std::vector<RefusedEvent> refused;  // Complete once Flush returns.
  TracerOptions options = PatientOptions(server.address());
  options.on_refused = [&](const RefusedEvent& event) { refused.push_back(event); };
  Tracer tracer(options);
  tracer.Record(CallOf("run"));
  Call bad = CallOf("run", "bad");
  bad.event_id = "my-id";
  tracer.Record(bad);
  tracer.Record(CallOf("run"));
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].event_id, "my-id");
  EXPECT_EQ(refused[0].step, "bad");
  EXPECT_EQ(refused[0].message, "step must not be bad; name it well.");
  EXPECT_EQ(tracer.Stats().refused, 1u);
  EXPECT_EQ(tracer.Stats().acknowledged, 2u);
}

TEST(Tracer, ANameThatIsNotUtf8CostsOnlyItsOwnCall) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  std::vector<RefusedEvent> refused;
  TracerOptions options = PatientOptions(server.address());
  options.on_refused = [&](const RefusedEvent& event) { refused.push_back(event); };
  Tracer tracer(options);
  tracer.Record(CallOf("run", "\xff"));
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(refused, SizeIs(1));
  tracer.Record(CallOf("run", "\xff"));
  tracer.Record(CallOf("run"));
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(refused, SizeIs(2));
  EXPECT_THAT(store.calls(), SizeIs(1));
  const TracerStats stats = tracer.Stats();
  EXPECT_EQ(stats.recorded, stats.acknowledged + stats.refused + stats.queued);
  EXPECT_EQ(stats.queued, 0u);
}

TEST(Tracer, DestructorDeliversWhatIsQueued) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  {
    TracerOptions options = PatientOptions(server.address());
    options.close_timeout = kPatience;
    Tracer tracer(options);
    RecordMany(tracer, 5);
  }
  EXPECT_THAT(store.calls(), SizeIs(5));
}

TEST(Tracer, DestructorGivesUpOnAServerThatNeverAcknowledges) {
  FakeStore store;
  FakeIngestServer server(store, 0, /*acks=*/false);
  Tracer tracer(PatientOptions(server.address()));  // Would hang the test if it waited.
  RecordMany(tracer, 5000);
  store.AwaitBatches(5);
}

TEST(Tracer, ManyThreadsRecordAtOnce) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  TracerOptions options = PatientOptions(server.address());
  options.batch_calls_max = 100;
  options.batch_age_max = absl::Milliseconds(1);
  Tracer tracer(options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&tracer, t] {
      RecordMany(tracer, 1000, "run-" + std::to_string(t));
      tracer.Complete("run-" + std::to_string(t), Outcome::kCompleted);
      EXPECT_TRUE(tracer.Flush(kPatience).ok());
      EXPECT_GE(tracer.Stats().acknowledged, 1001u);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(EventIds(store), SizeIs(8000));
  EXPECT_THAT(store.completions(), SizeIs(8));
  EXPECT_EQ(tracer.Stats().queued, 0u);
}

TEST(Tracer, AForkedChildDropsInsteadOfHanging) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer tracer(PatientOptions(server.address()));
  RecordMany(tracer, 3);
  const pid_t child = fork();
  if (child == 0) {
    tracer.Record(CallOf("run"));
    const bool failed = !tracer.Flush(kPatience).ok();
    _exit(failed && tracer.Stats().dropped == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(store.calls(), SizeIs(3));
  EXPECT_EQ(tracer.Stats().dropped, 0u);
}

}  // namespace
}  // namespace itemized::client
