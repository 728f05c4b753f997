// SPDX-License-Identifier: Apache-2.0
// Servers that come and go, forget, and mix things up: each call is counted once.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/cpp/tracer.h"
#include "tests/client/cpp/fake_ingest_server.h"
#include "tests/client/cpp/tracer_for_test.h"

namespace itemized::client {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(TracerDelivery, CountsEachCallOnceThoughAcknowledgementsAreLost) {
  FakeStore store;
  auto server = std::make_unique<FakeIngestServer>(store, 0, /*acks=*/false);
  const int port = server->port();
  TracerOptions options = PatientOptions(server->address());
  options.batch_calls_max = 10;
  Tracer tracer(options);
  RecordMany(tracer, 100);
  store.AwaitCalls(100);  // All stored, nothing acknowledged.
  server.reset();
  FakeIngestServer restarted(store, port);
  RecordMany(tracer, 100);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(200));
  EXPECT_EQ(store.duplicates(), 0);  // Told by the sequence, not by their ids.
  const TracerStats stats = tracer.Stats();
  EXPECT_EQ(stats.acknowledged, 200u);
  EXPECT_EQ(stats.duplicate, 100u);
  EXPECT_GE(stats.sent, 300u);
  EXPECT_GE(stats.reconnects, 1u);
  EXPECT_FALSE(stats.last_error.empty());
}

TEST(TracerDelivery, LosesNothingOverManyRestarts) {
  FakeStore store;
  auto server = std::make_unique<FakeIngestServer>(store, 0);
  const int port = server->port();
  TracerOptions options = PatientOptions(server->address());
  options.batch_calls_max = 7;
  Tracer tracer(options);
  for (size_t round = 1; round <= 5; ++round) {
    RecordMany(tracer, 100);
    store.AwaitCalls(100 * (round - 1) + 50);  // The server ends in the middle of a hundred.
    server.reset();
    server = std::make_unique<FakeIngestServer>(store, port);
  }
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(500));
  EXPECT_EQ(tracer.Stats().acknowledged, 500u);
}

TEST(TracerDelivery, SendsAgainWhatTheServerAcknowledgedAndLost) {
  FakeStore store;
  auto server = std::make_unique<FakeIngestServer>(store, 0);
  const int port = server->port();
  std::vector<std::string> warnings;  // Complete once Flush returns.
  TracerOptions options = PatientOptions(server->address());
  options.batch_calls_max = 10;
  options.on_warning = [&](const std::string& warning) { warnings.push_back(warning); };
  Tracer tracer(options);
  RecordMany(tracer, 50);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  server.reset();
  store.Lose(2);
  server = std::make_unique<FakeIngestServer>(store, port);
  RecordMany(tracer, 10);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(60));
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], HasSubstr("lost 2 batches that it had acknowledged; 2 of them"));
  const TracerStats stats = tracer.Stats();
  EXPECT_EQ(stats.lost_batches, 2u);
  EXPECT_EQ(stats.acknowledged, 60u);
  EXPECT_EQ(stats.queued, 0u);
  EXPECT_EQ(store.producers().begin()->second.epoch, 1u);
}

TEST(TracerDelivery, GoesOnUnderAnotherIdIfItsOwnIsTaken) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  TracerOptions options = PatientOptions(server.address());
  Tracer tracer(options);
  RecordMany(tracer, 10);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  for (size_t times = 1; times <= 2; ++times) {
    store.FenceAll();
    RecordMany(tracer, 10);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
    EXPECT_THAT(EventIds(store), SizeIs(10 + 10 * times));
    EXPECT_THAT(store.producers(), SizeIs(times)) << "the first time, it may be a late stream";
  }
  EXPECT_EQ(tracer.Stats().warnings, 1u);
}

TEST(TracerDelivery, BeginsAnotherEpochIfItsSequenceIsKnownWithOtherContent) {
  FakeStore store;
  auto server = std::make_unique<FakeIngestServer>(store, 0, /*acks=*/false);
  const int port = server->port();
  Tracer tracer(PatientOptions(server->address()));
  RecordMany(tracer, 10);
  EXPECT_FALSE(tracer.Flush(absl::Milliseconds(1)).ok());
  store.AwaitCalls(10);
  server.reset();
  store.AlterBatches();
  server = std::make_unique<FakeIngestServer>(store, port);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(EventIds(store), SizeIs(10));
  EXPECT_EQ(store.producers().begin()->second.epoch, 2u);
}

TEST(TracerDelivery, AnAcknowledgementOfSomethingElseSettlesNothing) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  server.MixUpSequences(true);
  Tracer tracer(PatientOptions(server.address()));
  tracer.Record(CallOf("run"));
  EXPECT_FALSE(tracer.Flush(absl::Milliseconds(50)).ok());
  server.MixUpSequences(false);
  EXPECT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(store.calls(), SizeIs(1));
}

}  // namespace
}  // namespace itemized::client
