// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/ingest_service.h"

#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "tests/server/api/fake_store.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::HasSubstr;
using Stream = grpc::ClientReaderWriter<pb::IngestRequest, pb::IngestResponse>;

// Serves on a real socket, with a store that the test settles by hand.
class IngestServiceTest : public ::testing::Test {
 protected:
  explicit IngestServiceTest(IngestRoom room = {.events = 100}) : queue_(store_.Submitter(), room) {
    IngestLimits limits;
    limits.stream_batches = 4;
    limits.streams = 2;
    service_ = std::make_unique<IngestService>(queue_, nullptr, memory_, limits);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = pb::IngestService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                           grpc::InsecureChannelCredentials()));
  }

  ~IngestServiceTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
    queue_.WaitUntilIdle();
  }

  static pb::IngestRequest Request(uint64_t sequence, int events = 1) {
    pb::IngestRequest request;
    request.set_sequence(sequence);
    for (int i = 0; i < events; ++i) {
      request.mutable_batch()->add_events()->mutable_call()->set_step("a step");
    }
    return request;
  }

  static uint64_t ReadSequence(Stream& stream) {
    pb::IngestResponse response;
    EXPECT_TRUE(stream.Read(&response));
    return response.sequence();
  }

  FakeStore store_;
  MemoryBudget memory_{int64_t{1} << 30};
  IngestQueue queue_;
  std::unique_ptr<IngestService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<pb::IngestService::Stub> stub_;
};

TEST_F(IngestServiceTest, AcknowledgesInTheOrderOfTheStream) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  for (uint64_t sequence : {7u, 8u, 9u}) {
    ASSERT_TRUE(stream->Write(Request(sequence)));
  }
  store_.AwaitSubmitted(3);
  store_.AcceptNewest();
  store_.AcceptNewest();
  store_.AcceptNewest();
  EXPECT_EQ(ReadSequence(*stream), 7u);
  EXPECT_EQ(ReadSequence(*stream), 8u);
  EXPECT_EQ(ReadSequence(*stream), 9u);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(IngestServiceTest, TellsTheResultOfEachBatch) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  pb::IngestRequest request = Request(1, 3);
  request.mutable_batch()->add_events();  // This event, at index 3, is empty.
  ASSERT_TRUE(stream->Write(request));
  store_.AwaitSubmitted(1);
  store_.Accept();
  pb::IngestResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.result().accepted(), 3);
  EXPECT_EQ(response.result().refused(), 1);
  ASSERT_EQ(response.result().refusals_size(), 1);
  EXPECT_EQ(response.result().refusals(0).index(), 3u);
  EXPECT_EQ(response.result().refusals(0).code(), pb::REFUSAL_CODE_MISSING_FIELD);
}

TEST_F(IngestServiceTest, ReadsNoMoreThanItMayHaveUnacknowledged) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  for (uint64_t sequence = 0; sequence < 10; ++sequence) {
    ASSERT_TRUE(stream->Write(Request(sequence)));
  }
  store_.AwaitSubmitted(4);
  for (uint64_t sequence = 0; sequence < 10; ++sequence) {
    EXPECT_LE(store_.submitted(), sequence + 4);
    store_.Accept();
    EXPECT_EQ(ReadSequence(*stream), sequence);
    store_.AwaitSubmitted(std::min<size_t>(10, sequence + 5));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// Two messages of a batch take all the room that there is.
class IngestServiceWithLittleRoom : public IngestServiceTest {
 protected:
  IngestServiceWithLittleRoom()
      : IngestServiceTest({.bytes = static_cast<int64_t>(2 * Request(1).ByteSizeLong())}) {}
};

TEST_F(IngestServiceWithLittleRoom, ReadsNoMoreThanAllSendersMayHaveUnstored) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) {
    ASSERT_TRUE(stream->Write(Request(sequence)));
  }
  store_.AwaitSubmitted(2);
  grpc::ClientContext write_context;
  pb::WriteRequest request;
  *request.mutable_batch() = Request(1).batch();
  pb::WriteResponse response;
  EXPECT_EQ(stub_->Write(&write_context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) {
    EXPECT_LE(store_.submitted(), sequence + 1);
    store_.Accept();
    EXPECT_EQ(ReadSequence(*stream), sequence);
    store_.AwaitSubmitted(std::min<size_t>(10, sequence + 2));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(IngestServiceTest, AStorageErrorEndsTheStreamAfterEarlierAcknowledgements) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  ASSERT_TRUE(stream->Write(Request(1)));
  ASSERT_TRUE(stream->Write(Request(2)));
  store_.AwaitSubmitted(2);
  store_.Accept();
  store_.Fail(absl::InternalError("the disk is gone"));
  EXPECT_EQ(ReadSequence(*stream), 1u);
  pb::IngestResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "the disk is gone");
}

TEST_F(IngestServiceTest, DrainingAcknowledgesWhatWasReadAndEndsTheStream) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  ASSERT_TRUE(stream->Write(Request(1)));
  ASSERT_TRUE(stream->Write(Request(2)));
  store_.AwaitSubmitted(2);
  service_->Drain();
  store_.Accept();
  store_.Accept();
  EXPECT_EQ(ReadSequence(*stream), 1u);
  EXPECT_EQ(ReadSequence(*stream), 2u);
  pb::IngestResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "The server is shutting down; send again to the next one.");
}

TEST_F(IngestServiceTest, DrainingEndsAnIdleStreamAndRefusesNewCalls) {
  grpc::ClientContext context;
  auto idle = stub_->Ingest(&context);
  ASSERT_TRUE(idle->Write(Request(1)));
  store_.AwaitSubmitted(1);
  store_.Accept();
  EXPECT_EQ(ReadSequence(*idle), 1u);
  service_->Drain();
  pb::IngestResponse response;
  EXPECT_FALSE(idle->Read(&response));
  EXPECT_EQ(idle->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  grpc::ClientContext late_context;
  EXPECT_EQ(stub_->Ingest(&late_context)->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  grpc::ClientContext write_context;
  pb::WriteResponse written;
  EXPECT_EQ(stub_->Write(&write_context, {}, &written).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(IngestServiceTest, AClientThatLeavesTakesNothingWithIt) {
  {
    grpc::ClientContext context;
    auto stream = stub_->Ingest(&context);
    ASSERT_TRUE(stream->Write(Request(1)));
    store_.AwaitSubmitted(1);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  store_.Accept();  // The stream is gone by now.
  queue_.WaitUntilIdle();
}

TEST_F(IngestServiceTest, TooManyStreamsAreRefused) {
  grpc::ClientContext contexts[3];
  auto first = stub_->Ingest(&contexts[0]);
  auto second = stub_->Ingest(&contexts[1]);
  for (auto* stream : {first.get(), second.get()}) {
    stream->Write(Request(1));
  }
  store_.AwaitSubmitted(2);
  const grpc::Status status = stub_->Ingest(&contexts[2])->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("Too many streams"));
  store_.Accept();
  store_.Accept();
  contexts[0].TryCancel();
  contexts[1].TryCancel();
}

// Streams on which nothing happens must not keep out those that have something to send.
TEST_F(IngestServiceTest, TheStreamThatWasIdleLongestMakesRoom) {
  grpc::ClientContext contexts[4];
  auto idle = stub_->Ingest(&contexts[0]);
  ASSERT_TRUE(idle->Write(Request(1)));
  store_.AwaitSubmitted(1);
  store_.Accept();
  EXPECT_EQ(ReadSequence(*idle), 1u);
  auto busy = stub_->Ingest(&contexts[1]);
  ASSERT_TRUE(busy->Write(Request(2)));
  store_.AwaitSubmitted(2);

  auto third = stub_->Ingest(&contexts[2]);
  ASSERT_TRUE(third->Write(Request(3)));
  store_.AwaitSubmitted(3);
  pb::IngestResponse response;
  EXPECT_FALSE(idle->Read(&response));
  const grpc::Status status = idle->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("makes room"));

  EXPECT_EQ(stub_->Ingest(&contexts[3])->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  store_.Accept();
  store_.Accept();
  EXPECT_EQ(ReadSequence(*busy), 2u);
  EXPECT_EQ(ReadSequence(*third), 3u);
  contexts[1].TryCancel();
  contexts[2].TryCancel();
}

TEST_F(IngestServiceTest, WhatDoesNotFitIntoMemoryIsRefusedAndNothingIsKept) {
  std::optional<MemoryBudget::Charge> others = memory_.Take(memory_.bytes_max() - 10);
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  ASSERT_TRUE(stream->Write(Request(1, 5)));
  const grpc::Status ended = stream->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(ended.error_message(), HasSubstr("--memory-limit"));
  grpc::ClientContext write_context;
  pb::WriteRequest request;
  request.mutable_batch()->add_events()->mutable_call()->set_step("a step");
  pb::WriteResponse response;
  EXPECT_EQ(stub_->Write(&write_context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  others.reset();
  EXPECT_EQ(memory_.used(), 0);
}

TEST_F(IngestServiceTest, AMessageIsChargedUntilItsAnswerIsWritten) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  ASSERT_TRUE(stream->Write(Request(1)));
  store_.AwaitSubmitted(1);
  EXPECT_GT(memory_.used(), 0);
  store_.Accept();
  EXPECT_EQ(ReadSequence(*stream), 1u);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  queue_.WaitUntilIdle();
  EXPECT_TRUE(service_->AwaitStreams(std::chrono::system_clock::time_point::max()));
  EXPECT_EQ(memory_.used(), 0);
}

TEST_F(IngestServiceTest, WriteIsRefusedWhileTooMuchIsPending) {
  grpc::ClientContext context;
  auto stream = stub_->Ingest(&context);
  ASSERT_TRUE(stream->Write(Request(1, 100)));
  store_.AwaitSubmitted(1);
  grpc::ClientContext write_context;
  pb::WriteRequest request;
  request.mutable_batch()->add_events()->mutable_call()->set_step("a step");
  pb::WriteResponse response;
  EXPECT_EQ(stub_->Write(&write_context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  store_.Accept();
  EXPECT_EQ(ReadSequence(*stream), 1u);
  context.TryCancel();
}

}  // namespace
}  // namespace itemized::server
