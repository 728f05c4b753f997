// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/batch_stream.h"

#include <cstdint>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

pb::Batch BatchOf(const std::string& event_id) {
  pb::Batch batch;
  batch.mutable_columns()->add_time_offset_us(1);
  batch.mutable_columns()->set_event_id_data(event_id);
  batch.mutable_columns()->add_event_id_sizes(static_cast<uint32_t>(event_id.size()));
  batch.mutable_columns()->add_status(pb::CALL_STATUS_OK);
  return batch;
}

void IgnoreAck(uint64_t, const pb::BatchResult&) {}

TEST(BatchStream, AcknowledgesEachBatchInTheOrderSent) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  std::vector<uint64_t> acks;
  BatchStream stream(Connection::Open(server.address()),
                     [&](uint64_t sequence, const pb::BatchResult& result) {
                       EXPECT_EQ(result.accepted(), 1);
                       acks.push_back(sequence);
                     });
  EXPECT_TRUE(stream.Send(BatchOf("a"), 7).ok());
  EXPECT_TRUE(stream.Send(BatchOf("b"), 8).ok());
  EXPECT_TRUE(stream.Send(BatchOf("c"), 9).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_THAT(acks, ElementsAre(7, 8, 9));
  EXPECT_EQ(store.calls().size(), 3u);
}

TEST(BatchStream, LeavesTheBatchAsItWas) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  BatchStream stream(Connection::Open(server.address()), IgnoreAck);
  const pb::Batch batch = BatchOf("a");
  EXPECT_TRUE(stream.Send(batch, 1).ok());
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_EQ(batch.SerializeAsString(), BatchOf("a").SerializeAsString());
}

TEST(BatchStream, KeepsNoMoreBatchesInFlightThanTheWindow) {
  FakeStore store;
  FakeIngestServer server(store, 0, /*acks=*/false);
  BatchStream stream(Connection::Open(server.address()), IgnoreAck, {.window = 2});
  std::thread sender([&] {
    for (uint64_t i = 0; i < 10; ++i) {
      EXPECT_TRUE(stream.Send(BatchOf(std::to_string(i)), i).ok());
    }
  });
  for (size_t received = 2; received <= 10; ++received) {
    store.AwaitBatches(received);
    server.AllowAcks(1);
  }
  server.AllowAcks(1);
  sender.join();
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_EQ(server.most_in_flight(), 2);
}

TEST(BatchStream, FinishWithoutABatchIsOk) {
  BatchStream stream(Connection::Open(AbsentAddress()), IgnoreAck);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(BatchStream, NamesTheAddressIfNoServerAnswers) {
  const std::string address = AbsentAddress();
  BatchStream stream(Connection::Open(address), IgnoreAck);
  absl::Status status = stream.Send(BatchOf("a"), 1);
  if (status.ok()) {
    status = stream.Finish();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(BatchStream, TellsThatTheServerWentAway) {
  FakeStore store;
  auto server = std::make_unique<FakeIngestServer>(store, 0, /*acks=*/false);
  absl::Status broken;
  {
    BatchStream stream(Connection::Open(server->address()), IgnoreAck,
                       {.on_broken = [&](const absl::Status& status) { broken = status; }});
    EXPECT_TRUE(stream.Send(BatchOf("a"), 1).ok());
    store.AwaitBatches(1);
    server.reset();
    absl::Status status;
    while (status.ok()) {  // The window is full at last.
      status = stream.Send(BatchOf("b"), 2);
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  }
  EXPECT_EQ(broken.code(), absl::StatusCode::kUnavailable) << broken;
}

TEST(BatchStream, CancelEndsASendThatWaitsForRoom) {
  FakeStore store;
  FakeIngestServer server(store, 0, /*acks=*/false);
  BatchStream stream(Connection::Open(server.address()), IgnoreAck, {.window = 1});
  EXPECT_TRUE(stream.Send(BatchOf("a"), 1).ok());
  std::thread canceller([&] {
    store.AwaitBatches(1);
    stream.Cancel();
  });
  EXPECT_EQ(stream.Send(BatchOf("b"), 2).code(), absl::StatusCode::kCancelled);
  canceller.join();
}

}  // namespace
}  // namespace itemized::client
