// SPDX-License-Identifier: Apache-2.0
// These tests send events over a socket, and look at what is told about them.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>

#include "storage/model/limits.h"
#include "tests/server/server_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerIngest : public ServerTest {
 protected:
  // Returns the answer to one batch on a stream of its own.
  pb::BatchResult Send(const pb::Batch& batch) {
    grpc::ClientContext context;
    auto stream = ingest_->Ingest(&context);
    pb::IngestRequest request;
    request.set_sequence(42);
    *request.mutable_batch() = batch;
    EXPECT_TRUE(stream->Write(request));
    pb::IngestResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.sequence(), 42u);
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.result();
  }

  pb::GetRunResponse Run(const std::string& workflow_id) {
    pb::GetRunRequest request;
    request.set_workflow_id(workflow_id);
    pb::GetRunResponse response;
    grpc::ClientContext context;
    const grpc::Status status = query_->GetRun(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

std::vector<uint32_t> IndicesOf(const pb::BatchResult& result) {
  std::vector<uint32_t> indices;
  for (const pb::Refusal& refusal : result.refusals()) {
    indices.push_back(refusal.index());
  }
  return indices;
}

// Makes two calls of "run-2" at the instants kNowUs - 3 s and - 2 s.
pb::CallColumns TwoColumns() {
  pb::CallColumns columns;
  for (const char* name : {"", "run-2", "plan", "answer", "acme", "m-1"}) {
    columns.add_strings(name);
  }
  columns.set_base_time_unix_us(kNowUs - 3'000'000);
  columns.set_event_id_data("onetwo2");
  for (uint32_t row = 0; row < 2; ++row) {
    columns.add_time_offset_us(int64_t{row} * 1'000'000);
    columns.add_event_id_sizes(3 + row);
    columns.add_workflow_id(1);
    columns.add_step(2 + row);
    columns.add_provider(4);
    columns.add_model(5);
    columns.add_input_tokens(2000);
    columns.add_attribute_counts(row);
  }
  columns.add_attribute_keys(4);
  columns.add_attribute_values(5);
  return columns;
}

TEST_F(ServerIngest, RowsColumnsAndCompletionsComeBackInQueries) {
  SetRate();
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-1");
  pb::Completion* completion = batch.add_events()->mutable_completion();
  completion->set_time_unix_us(kNowUs - 500'000);
  completion->set_workflow_id("run-1");
  completion->set_outcome(pb::OUTCOME_COMPLETED);
  completion->add_unused_steps("plan");
  *batch.mutable_columns() = TwoColumns();
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 4) << result.DebugString();

  const pb::GetTopResponse top = Top();
  EXPECT_EQ(top.total().calls(), 3);
  EXPECT_EQ(top.total().cost_usd(), "0.005");
  EXPECT_EQ(top.total().unsurfaced_usd(), "0.001");
  ASSERT_EQ(top.rows_size(), 2);
  EXPECT_EQ(top.rows(0).key(), "plan");
  EXPECT_EQ(top.rows(0).cost_usd(), "0.003");
  EXPECT_EQ(top.rows(0).threshold_usd(), "0.005");

  const pb::GetRunResponse rows = Run("run-1");
  EXPECT_EQ(rows.outcome(), pb::OUTCOME_COMPLETED);
  ASSERT_EQ(rows.calls_size(), 1);
  EXPECT_EQ(rows.calls(0).event_id(), "c-1");
  EXPECT_TRUE(rows.calls(0).unsurfaced());
  const pb::GetRunResponse columns = Run("run-2");
  ASSERT_EQ(columns.calls_size(), 2);
  EXPECT_EQ(columns.calls(1).event_id(), "two2");
  EXPECT_EQ(columns.calls(1).step(), "answer");
  EXPECT_EQ(columns.calls(1).attributes().at("acme"), "m-1");
}

TEST_F(ServerIngest, WhatComesAgainIsADuplicate) {
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-1");
  *batch.mutable_columns() = TwoColumns();
  EXPECT_EQ(Send(batch).accepted(), 3);
  EXPECT_EQ(Send(batch).duplicate(), 3);
  EXPECT_EQ(Top().total().calls(), 3);
}

TEST_F(ServerIngest, AnotherCallUnderAKnownIdIsAConflict) {
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-1");
  EXPECT_EQ(Send(batch).conflict(), 0);
  *batch.add_events()->mutable_call() = CallOf("c-2");
  batch.mutable_events(0)->mutable_call()->set_duration_us(77);
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 1);
  EXPECT_EQ(result.refused(), 1);
  EXPECT_EQ(result.conflict(), 1);
  ASSERT_THAT(IndicesOf(result), ElementsAre(0));
  EXPECT_EQ(result.refusals(0).code(), pb::REFUSAL_CODE_CONFLICT);
  EXPECT_EQ(Top().total().calls(), 2);
}

TEST_F(ServerIngest, BadEventsAreRefusedAtTheirPlaceAndTheirNeighboursStored) {
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-0");
  batch.add_events()->mutable_completion()->set_workflow_id("run-1");  // 1: no outcome.
  *batch.add_events()->mutable_call() = CallOf("c-2");
  batch.mutable_events(2)->mutable_call()->clear_step();  // 2.
  batch.add_events();                                     // 3: empty.
  *batch.add_events()->mutable_call() = CallOf("c-4");
  *batch.mutable_columns() = TwoColumns();           // 5 and 6.
  batch.mutable_columns()->set_input_tokens(1, -1);  // 6.
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 3) << result.DebugString();
  EXPECT_EQ(result.refused(), 4);
  ASSERT_THAT(IndicesOf(result), ElementsAre(1, 2, 3, 6));
  EXPECT_EQ(result.refusals(0).code(), pb::REFUSAL_CODE_INVALID_ENUM);
  EXPECT_EQ(result.refusals(1).code(), pb::REFUSAL_CODE_MISSING_FIELD);
  EXPECT_EQ(result.refusals(2).code(), pb::REFUSAL_CODE_MISSING_FIELD);
  EXPECT_EQ(result.refusals(3).code(), pb::REFUSAL_CODE_TOKENS_OUT_OF_RANGE);
  EXPECT_EQ(Top().total().calls(), 3);
}

TEST_F(ServerIngest, ANameThatIsNotUtf8CostsOnlyItsOwnCall) {
  google::protobuf::LogSilencer silencer;
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-0");
  *batch.add_events()->mutable_call() = CallOf("c-1");
  batch.mutable_events(1)->mutable_call()->set_step("\xff\xfe");
  *batch.mutable_columns() = TwoColumns();
  batch.mutable_columns()->set_strings(3, "\xc3\x28");  // That is the step of the second row.
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 2) << result.DebugString();
  ASSERT_THAT(IndicesOf(result), ElementsAre(1, 3));
  EXPECT_EQ(result.refusals(0).code(), pb::REFUSAL_CODE_INVALID_UTF8);
  EXPECT_EQ(result.refusals(1).code(), pb::REFUSAL_CODE_INVALID_UTF8);
}

TEST_F(ServerIngest, ColumnsOfUnequalLengthDoNotHarmTheRowsBesideThem) {
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-0");
  *batch.mutable_columns() = TwoColumns();
  batch.mutable_columns()->add_step(2);
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 1);
  ASSERT_THAT(IndicesOf(result), ElementsAre(1, 2));
  EXPECT_EQ(result.refusals(0).code(), pb::REFUSAL_CODE_MALFORMED);
}

// The answer to a batch is no larger for all that is wrong with it.
TEST_F(ServerIngest, OfManyBadEventsTheFirstAreToldAndTheOthersCounted) {
  constexpr int kBad = 1'000;
  constexpr auto kTold = static_cast<int>(kRefusalsToldMax);
  pb::Batch batch;
  for (int i = 0; i < kBad; ++i) {
    batch.add_events()->mutable_call()->set_step("no more than that");
  }
  *batch.add_events()->mutable_call() = CallOf("c-1");
  pb::WriteRequest request;
  *request.mutable_batch() = batch;
  pb::WriteResponse written;
  grpc::ClientContext context;
  const pb::BatchResult streamed = Send(batch);
  ASSERT_TRUE(ingest_->Write(&context, request, &written).ok());
  EXPECT_EQ(streamed.accepted(), 1);
  EXPECT_EQ(written.result().duplicate(), 1);
  for (const pb::BatchResult& result : {streamed, written.result()}) {
    EXPECT_EQ(result.refused(), kBad);
    ASSERT_EQ(result.refusals_size(), kTold);
    EXPECT_EQ(result.refusals(kTold - 1).index(), static_cast<uint32_t>(kTold - 1));
    EXPECT_EQ(result.refusals_omitted(), kBad - kTold);
  }
}

TEST_F(ServerIngest, ABatchOfTooManyEventsIsRefused) {
  pb::Batch batch;
  for (size_t i = 0; i <= kBatchEventsMax; ++i) {
    batch.add_events()->mutable_call()->set_step("s");
  }
  const pb::BatchResult result = Send(batch);
  EXPECT_EQ(result.accepted(), 0);
  EXPECT_EQ(result.refused(), static_cast<int64_t>(kBatchEventsMax) + 1);
  EXPECT_EQ(result.refusals(0).code(), pb::REFUSAL_CODE_BATCH_TOO_LARGE);
}

TEST_F(ServerIngest, AMessageThatIsTooLargeEndsTheStreamAndNothingElse) {
  grpc::ClientContext context;
  auto stream = ingest_->Ingest(&context);
  pb::IngestRequest request;
  request.mutable_batch()->mutable_columns()->set_event_id_data(std::string(17 << 20, 'x'));
  stream->Write(request);
  pb::IngestResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  pb::Batch batch;
  *batch.add_events()->mutable_call() = CallOf("c-0");
  EXPECT_EQ(Send(batch).accepted(), 1);
}

TEST_F(ServerIngest, WriteStoresOneBatch) {
  pb::WriteRequest request;
  *request.mutable_batch()->add_events()->mutable_call() = CallOf("c-0");
  request.mutable_batch()->add_events();
  pb::WriteResponse response;
  grpc::ClientContext context;
  const grpc::Status status = ingest_->Write(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.result().accepted(), 1);
  EXPECT_THAT(IndicesOf(response.result()), ElementsAre(1));
}

TEST_F(ServerIngest, CompressedMessagesAreNotTaken) {
  pb::WriteRequest request;
  for (int i = 0; i < 100; ++i) {  // A message that would not shrink is sent as it is.
    *request.mutable_batch()->add_events()->mutable_call() = CallOf("c-" + std::to_string(i));
  }
  pb::WriteResponse response;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EXPECT_EQ(ingest_->Write(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServerIngest, DrainingAcknowledgesWhatItHasRead) {
  constexpr uint64_t kBatches = 20;
  grpc::ClientContext context;
  auto stream = ingest_->Ingest(&context);
  for (uint64_t sequence = 0; sequence < kBatches; ++sequence) {
    pb::IngestRequest request;
    request.set_sequence(sequence);
    *request.mutable_batch()->add_events()->mutable_call() = CallOf(std::to_string(sequence));
    ASSERT_TRUE(stream->Write(request));
  }
  pb::IngestResponse response;
  ASSERT_TRUE(stream->Read(&response));
  const absl::Status drained = server_->Drain();
  EXPECT_TRUE(drained.ok()) << drained;
  int64_t acknowledged = 1;
  while (stream->Read(&response)) {
    EXPECT_EQ(response.sequence(), static_cast<uint64_t>(acknowledged));
    ++acknowledged;
  }
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("The server is shutting down"));

  // Exactly what was acknowledged is there when the server is back.
  server_.reset();
  Start();
  EXPECT_EQ(Top().total().calls(), acknowledged);
}

}  // namespace
}  // namespace itemized::server
