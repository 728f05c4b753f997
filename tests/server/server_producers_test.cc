// SPDX-License-Identifier: Apache-2.0
// Whatever breaks between a producer and the server, a batch is counted once.

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/server/server_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::HasSubstr;
using Stream = grpc::ClientReaderWriter<pb::IngestRequest, pb::IngestResponse>;

constexpr char kId[] = "sixteen bytes id";

class ServerProducers : public ServerTest {
 protected:
  // Is a stream that has said Hello and been welcomed.
  struct OpenStream {
    std::unique_ptr<grpc::ClientContext> context = std::make_unique<grpc::ClientContext>();
    std::unique_ptr<Stream> stream;
    uint64_t last_sequence = 0;

    // Returns the answer to the next batch that was sent.
    pb::IngestResponse Read() {
      pb::IngestResponse response;
      EXPECT_TRUE(stream->Read(&response));
      return response;
    }
    // Says how the stream ends, after `answers` more answers.
    grpc::Status EndAfter(int answers) {
      pb::IngestResponse response;
      for (; stream->Read(&response); --answers) {
      }
      EXPECT_EQ(answers, 0);
      return stream->Finish();
    }
  };

  OpenStream Greet(const pb::Hello& hello) {
    OpenStream open;
    open.stream = ingest_->Ingest(open.context.get());
    pb::IngestRequest request;
    *request.mutable_hello() = hello;
    EXPECT_TRUE(open.stream->Write(request));
    return open;
  }

  OpenStream Open(uint64_t epoch = 1, uint64_t acknowledged = 0) {
    pb::Hello hello;
    hello.set_producer_id(kId);
    hello.set_epoch(epoch);
    hello.set_acknowledged_sequence(acknowledged);
    OpenStream open = Greet(hello);
    const pb::IngestResponse response = open.Read();
    EXPECT_TRUE(response.has_welcome());
    open.last_sequence = response.welcome().last_sequence();
    return open;
  }

  // Makes a batch of one row and one column, without ids.
  static pb::IngestRequest Request(uint64_t sequence, int64_t tokens = 1) {
    pb::IngestRequest request;
    request.set_sequence(sequence);
    pb::Call& row = *request.mutable_batch()->add_events()->mutable_call();
    row = CallOf("");
    row.mutable_usage()->set_input_tokens(tokens);
    pb::CallColumns& columns = *request.mutable_batch()->mutable_columns();
    for (const std::string& name : {row.workflow_id(), row.step(), row.model()}) {
      columns.add_strings(name);
    }
    columns.add_time_offset_us(row.time_unix_us());
    columns.add_workflow_id(0);
    columns.add_step(1);
    columns.add_model(2);
    return request;
  }

  static pb::BatchResult Send(OpenStream& open, uint64_t sequence, int64_t tokens = 1) {
    EXPECT_TRUE(open.stream->Write(Request(sequence, tokens)));
    const pb::IngestResponse response = open.Read();
    EXPECT_EQ(response.sequence(), sequence);
    return response.result();
  }
};

TEST_F(ServerProducers, GoOnOverANewStreamAndAServerRestart) {
  {
    OpenStream open = Open();
    EXPECT_EQ(open.last_sequence, 0u);
    EXPECT_EQ(Send(open, 1).accepted(), 2);
    EXPECT_EQ(Send(open, 2).accepted(), 2);
  }
  server_.reset();
  Start();
  OpenStream open = Open();
  EXPECT_EQ(open.last_sequence, 2u);
  EXPECT_EQ(Send(open, 2).duplicate(), 2);
  EXPECT_EQ(Send(open, 3).accepted(), 2);
  EXPECT_EQ(Top().total().calls(), 6);
}

TEST_F(ServerProducers, AFaultEndsTheStreamAfterTheAcknowledgementsBeforeIt) {
  OpenStream gap = Open();
  gap.stream->Write(Request(1));
  gap.stream->Write(Request(3));
  const grpc::Status told = gap.EndAfter(1);
  EXPECT_EQ(told.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_THAT(told.error_message(), HasSubstr("Batch 3 came where batch 2 is expected"));

  OpenStream conflict = Open();
  conflict.stream->Write(Request(2));
  conflict.stream->Write(Request(1, 99));
  EXPECT_EQ(conflict.EndAfter(1).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(Top().total().calls(), 4);
}

TEST_F(ServerProducers, ANewerStreamFencesTheOlderOne) {
  OpenStream older = Open();
  Send(older, 1);
  OpenStream newer = Open();
  older.stream->Write(Request(2));
  const grpc::Status told = older.EndAfter(0);
  EXPECT_EQ(told.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(told.error_message(), HasSubstr("newer"));
  EXPECT_EQ(Send(newer, 2).accepted(), 2);

  OpenStream next_epoch = Open(2);
  EXPECT_EQ(next_epoch.last_sequence, 0u);
  pb::Hello hello;
  hello.set_producer_id(kId);
  hello.set_epoch(1);
  EXPECT_EQ(Greet(hello).EndAfter(0).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ServerProducers, AnAcknowledgementThatTheServerDoesNotKnowIsAnsweredByWhereItStands) {
  EXPECT_EQ(Open(1, /*acknowledged=*/17).last_sequence, 0u);
}

TEST_F(ServerProducers, AHelloThatCannotBeUsedIsRefusedWithASentence) {
  pb::Hello hello;
  hello.set_producer_id("short");
  hello.set_epoch(1);
  EXPECT_THAT(Greet(hello).EndAfter(0).error_message(), HasSubstr("5 bytes; send 16"));
  hello.set_producer_id(kId);
  hello.set_epoch(0);
  EXPECT_THAT(Greet(hello).EndAfter(0).error_message(), HasSubstr("epoch is missing"));

  hello.set_epoch(1);
  OpenStream twice = Open();
  pb::IngestRequest request;
  *request.mutable_hello() = hello;
  twice.stream->Write(request);
  EXPECT_THAT(twice.EndAfter(0).error_message(), HasSubstr("first message"));
}

// There are 1,000 batches of 1,000 calls. Three in ten go out twice or more: over streams
// that break in the middle and go back, and, since the calls have ids, over
// streams without a producer.
TEST_F(ServerProducers, AMillionCallsWithThreeDuplicatesInTenAreCountedOnce) {
  constexpr uint64_t kBatches = 1'000;
  constexpr int kRows = 1'000;
  SetRate();
  const auto batch_of = [](uint64_t sequence) {
    pb::IngestRequest request;
    request.set_sequence(sequence);
    pb::CallColumns& columns = *request.mutable_batch()->mutable_columns();
    for (const std::string& name :
         {absl::StrCat("run-", sequence), std::string("plan"), CallOf("").model()}) {
      columns.add_strings(name);
    }
    columns.set_base_time_unix_us(kNowUs - 1'000'000 * static_cast<int64_t>(sequence));
    for (int row = 0; row < kRows; ++row) {
      const std::string id = absl::StrCat("c-", row);
      columns.add_time_offset_us(row);
      columns.mutable_event_id_data()->append(id);
      columns.add_event_id_sizes(static_cast<uint32_t>(id.size()));
      columns.add_workflow_id(0);
      columns.add_step(1);
      columns.add_model(2);
      columns.add_input_tokens(static_cast<int64_t>(sequence));
    }
    return request;
  };

  std::minstd_rand random(11);
  int64_t duplicates = 0;
  int64_t accepted = 0;
  const auto count = [&](const pb::BatchResult& result) {
    EXPECT_EQ(result.refused(), 0);
    accepted += result.accepted();
    duplicates += result.duplicate();
  };
  uint64_t next = 1;
  while (next <= kBatches) {
    OpenStream open = Open();
    next = open.last_sequence + 1 - std::min<uint64_t>(open.last_sequence, random() % 6);
    const uint64_t end = std::min<uint64_t>(kBatches + 1, next + 1 + random() % 16);
    for (uint64_t sequence = next; sequence < end; ++sequence) {
      ASSERT_TRUE(open.stream->Write(batch_of(sequence)));
    }
    // Sometimes not all acknowledgements arrive.
    const uint64_t read = random() % 3 == 0 ? random() % (end - next) : end - next;
    for (uint64_t i = 0; i < read; ++i) {
      count(open.Read().result());
    }
    open.context->TryCancel();
    if (random() % 8 == 0) {
      OpenStream anonymous;
      anonymous.stream = ingest_->Ingest(anonymous.context.get());
      anonymous.stream->Write(batch_of(1 + random() % next));
      count(anonymous.Read().result());
      anonymous.stream->WritesDone();
      EXPECT_TRUE(anonymous.stream->Finish().ok());
    }
    next = Open().last_sequence + 1;
  }
  const pb::GetTopResponse top = Top();
  EXPECT_EQ(top.total().calls(), int64_t{kBatches} * kRows);
  // 1,000 x (1 + ... + 1,000) tokens cost USD 1 per million.
  EXPECT_EQ(top.total().cost_usd(), "500.5");
  EXPECT_LE(accepted, int64_t{kBatches} * kRows);
  EXPECT_GE(duplicates, int64_t{kBatches} * kRows * 3 / 10);
}

}  // namespace
}  // namespace itemized::server
