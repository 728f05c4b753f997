// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/batch_packer.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "client/cpp/backoff.h"
#include "client/cpp/utf8.h"
#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Call FullCall() {
  return {.event_id = "e-1",
          .time_us = 1'700'000'000'000'000,
          .workflow = "support",
          .workflow_id = "run-1",
          .step = "plan",
          .provider = "anthropic",
          .model = "claude",
          .usage = Usage{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
          .duration_us = 99,
          .status = CallStatus::kCancelled,
          .attributes = {{"tenant", "acme"}, {"region", "eu"}}};
}

Chunk ChunkOf(std::vector<Call> calls, std::vector<Completion> completions = {}) {
  Chunk chunk;
  chunk.calls = std::move(calls);
  chunk.completions = std::move(completions);
  return chunk;
}

TEST(Pack, EveryFieldOfACallComesOutOfTheColumns) {
  const PackedBatch packed = Pack(ChunkOf({Call{}, FullCall()}));
  const std::vector<pb::Call> rows = RowsOf(packed.batch.columns());
  ASSERT_THAT(rows, SizeIs(2));
  const pb::Call& call = rows[1];
  EXPECT_EQ(call.event_id(), "e-1");
  EXPECT_EQ(call.time_unix_us(), 1'700'000'000'000'000);
  EXPECT_EQ(call.workflow(), "support");
  EXPECT_EQ(call.workflow_id(), "run-1");
  EXPECT_EQ(call.step(), "plan");
  EXPECT_EQ(call.provider(), "anthropic");
  EXPECT_EQ(call.model(), "claude");
  EXPECT_EQ(call.duration_us(), 99);
  EXPECT_EQ(call.status(), pb::CALL_STATUS_CANCELLED);
  EXPECT_EQ(call.attributes().at("tenant"), "acme");
  EXPECT_EQ(call.attributes().at("region"), "eu");
}

TEST(Pack, EveryUsageClassKeepsItsPlace) {
  const PackedBatch packed = Pack(ChunkOf({FullCall()}));
  const std::vector<pb::Call> rows = RowsOf(packed.batch.columns());
  const pb::Usage& usage = rows.at(0).usage();
  EXPECT_EQ(usage.input_tokens(), 1);
  EXPECT_EQ(usage.cache_read_tokens(), 2);
  EXPECT_EQ(usage.cache_write_5m_tokens(), 3);
  EXPECT_EQ(usage.cache_write_1h_tokens(), 4);
  EXPECT_EQ(usage.output_tokens(), 5);
  EXPECT_EQ(usage.reasoning_tokens(), 6);
  EXPECT_EQ(usage.input_audio_tokens(), 7);
  EXPECT_EQ(usage.cache_read_audio_tokens(), 8);
  EXPECT_EQ(usage.output_audio_tokens(), 9);
  EXPECT_EQ(usage.input_image_tokens(), 10);
  EXPECT_EQ(usage.output_image_tokens(), 11);
  EXPECT_EQ(usage.web_searches(), 12);
}

TEST(Pack, NoUsageIsNotZeroUsage) {
  const PackedBatch packed = Pack(ChunkOf({Call{.usage = Usage{}}, Call{}}));
  const std::vector<pb::Call> rows = RowsOf(packed.batch.columns());
  EXPECT_TRUE(rows.at(0).has_usage());
  EXPECT_FALSE(rows.at(1).has_usage());
}

TEST(Pack, ColumnsThatSayNothingAreLeftOut) {
  const PackedBatch packed = Pack(ChunkOf({Call{.step = "s", .usage = Usage{}}}));
  EXPECT_EQ(packed.batch.columns().step_size(), 1);
  EXPECT_EQ(packed.batch.columns().workflow_size(), 0);
  EXPECT_EQ(packed.batch.columns().input_tokens_size(), 0);
  EXPECT_EQ(packed.batch.columns().usage_missing_size(), 0);
}

TEST(Pack, ACallThatIsNotUtf8CostsOnlyItself) {
  Call bad_step = FullCall();
  bad_step.step = "\xff";
  Call bad_attribute = FullCall();
  bad_attribute.attributes.emplace_back("key", "\xc3");
  const PackedBatch packed = Pack(ChunkOf({bad_step, FullCall(), bad_attribute, FullCall()}));
  const std::vector<pb::Call> rows = RowsOf(packed.batch.columns());
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_TRUE(MessageDifferencer::Equals(rows[0], rows[1]));
  EXPECT_EQ(rows[1].attributes().size(), 2u);
  ASSERT_THAT(packed.refused, SizeIs(2));
  EXPECT_THAT(packed.refused[0].message, HasSubstr("step"));
  EXPECT_EQ(packed.refused[0].event_id, "e-1");
  EXPECT_THAT(packed.refused[1].message, HasSubstr("attribute"));
}

TEST(Pack, CompletionsBecomeEvents) {
  const PackedBatch packed = Pack(ChunkOf({}, {{.time_us = 5,
                                                .workflow = "support",
                                                .workflow_id = "run-1",
                                                .outcome = Outcome::kShortCircuited,
                                                .unused_steps = {"draft"}},
                                               {.workflow_id = "\xff"}}));
  ASSERT_EQ(packed.batch.events_size(), 1);
  const pb::Completion& completion = packed.batch.events(0).completion();
  EXPECT_EQ(completion.time_unix_us(), 5);
  EXPECT_EQ(completion.workflow(), "support");
  EXPECT_EQ(completion.workflow_id(), "run-1");
  EXPECT_EQ(completion.outcome(), pb::OUTCOME_SHORT_CIRCUITED);
  EXPECT_EQ(completion.unused_steps(0), "draft");
  EXPECT_THAT(packed.refused, SizeIs(1));
  EXPECT_EQ(packed.batch.has_columns(), false);
}

TEST(DescribeRefusals, NamesTheEventBehindEachIndex) {
  const pb::Batch batch = Pack(ChunkOf({Call{.event_id = "first", .workflow_id = "w", .step = "a"},
                                        Call{.event_id = "2nd", .workflow_id = "w", .step = "b"},
                                        Call{.event_id = "third", .workflow_id = "w", .step = "c"}},
                                       {{.workflow_id = "done"}}))
                              .batch;
  pb::BatchResult result;
  for (const uint32_t index : {0u, 2u, 3u, 4u}) {
    pb::Refusal& refusal = *result.add_refusals();
    refusal.set_index(index);
    refusal.set_message("no " + std::to_string(index));
  }
  const std::vector<RefusedEvent> refused = DescribeRefusals(batch, result);
  ASSERT_THAT(refused, SizeIs(3));  // There is no event 4.
  EXPECT_EQ(refused[0].workflow_id, "done");
  EXPECT_EQ(refused[0].event_id, "");
  EXPECT_EQ(refused[1].event_id, "2nd");
  EXPECT_EQ(refused[1].step, "b");
  EXPECT_EQ(refused[1].message, "no 2");
  EXPECT_EQ(refused[2].event_id, "third");
}

TEST(IsValidUtf8, AcceptsEveryLengthOfSequence) {
  for (const char* text : {"", "a", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000",
                           "\uffff", "\U00010000", "\U0010ffff"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(IsValidUtf8, RefusesWhatIsNotACodePoint) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "a\xe2\x82", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3("}) {
    EXPECT_FALSE(IsValidUtf8(text)) << text;
  }
}

TEST(Backoff, DoublesUpToTheMaximumAndStartsAfreshAfterASuccess) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::milliseconds(500));
  for (const int full : {100, 200, 400, 500, 500}) {
    const auto wait = backoff.Next();
    EXPECT_LE(wait, std::chrono::milliseconds(full));
    EXPECT_GE(wait, std::chrono::milliseconds(full) / 2);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace itemized::client
