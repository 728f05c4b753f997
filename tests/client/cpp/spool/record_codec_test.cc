// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/record_codec.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

#include "client/cpp/batch_packer.h"

namespace itemized::client {
namespace {

Call FullCall() {
  return {.event_id = "e-1",
          .time_us = 1'700'000'000'000'001,
          .workflow = "support",
          .workflow_id = "run",
          .step = std::string("pl\0an", 5),
          .provider = "anthropic",
          .model = "claude",
          .usage = Usage{.input_tokens = 1,
                         .cache_read_tokens = 2,
                         .cache_write_5m_tokens = 3,
                         .cache_write_1h_tokens = 4,
                         .output_tokens = 5,
                         .reasoning_tokens = 6,
                         .input_audio_tokens = 7,
                         .cache_read_audio_tokens = 8,
                         .output_audio_tokens = 9,
                         .input_image_tokens = -10,
                         .output_image_tokens = int64_t{1} << 62,
                         .web_searches = 12},
          .duration_us = -13,
          .status = CallStatus::kCancelled,
          .attributes = {{"tenant", "acme"}, {"", ""}}};
}

std::string BytesOf(const Call& call) {
  std::string bytes;
  AppendRecord(call, &bytes);
  return bytes;
}

// Packing takes every field of a record to the wire.
std::string Packed(const Call& call) {
  return Pack({.calls = {call}, .completions = {}}).batch.SerializeAsString();
}

TEST(RecordCodec, ACallComesBackAsItWas) {
  for (const Call& call : {FullCall(), Call{}, Call{.usage = Usage{}}}) {
    Call read;
    ASSERT_TRUE(ParseRecord(BytesOf(call), &read));
    EXPECT_EQ(Packed(read), Packed(call));
    EXPECT_EQ(read.usage.has_value(), call.usage.has_value());
    EXPECT_EQ(BytesOf(read), BytesOf(call));
  }
}

TEST(RecordCodec, NoDurationIsAnotherOneOnTheWire) {
  Chunk chunk;
  for (int64_t us = 0; us <= 200'000; ++us) {
    Call& read = chunk.calls.emplace_back();
    ASSERT_TRUE(ParseRecord(BytesOf(Call{.duration_us = us}), &read));
  }
  for (const int64_t us : {int64_t{2'591'999'999'999}, int64_t{9'007'199'254'740'993}, INT64_MAX}) {
    ASSERT_TRUE(ParseRecord(BytesOf(Call{.duration_us = us}), &chunk.calls.emplace_back()));
  }
  const PackedBatch packed = Pack(chunk);
  const auto& durations = packed.batch.columns().duration_us();
  ASSERT_EQ(static_cast<size_t>(durations.size()), chunk.calls.size());
  for (int us = 0; us <= 200'000; ++us) {
    ASSERT_EQ(durations[us], us);
  }
  EXPECT_EQ(durations[200'001], 2'591'999'999'999);
  EXPECT_EQ(durations[200'002], 9'007'199'254'740'993);
  EXPECT_EQ(durations[200'003], INT64_MAX);
}

// A record without names and attributes, of which `counts` stands behind the presence of usage.
std::string RecordWithUsage(int presence, const std::string& counts) {
  return std::string(9, '\0') + static_cast<char>(presence) + counts + '\0';
}

TEST(RecordCodec, ReadsRecordsOfReleasesThatKnewTwelveClasses) {
  Call call;
  ASSERT_TRUE(ParseRecord(RecordWithUsage(1, std::string(12, '\2')), &call));
  ASSERT_TRUE(call.usage.has_value());
  for (size_t c = 0; c < kUsageCounts.size(); ++c) {
    EXPECT_EQ(*call.usage.*kUsageCounts[c], c < 12 ? 1 : 0) << kUsageClasses[c].count;
  }
}

TEST(RecordCodec, RefusesMoreClassesThanThereAre) {
  const auto classes = static_cast<int>(kUsageCounts.size());
  for (const int presence : {2, 11, classes + 1, 127}) {
    Call call;
    const std::string counts(static_cast<size_t>(presence), '\0');
    EXPECT_FALSE(ParseRecord(RecordWithUsage(presence, counts), &call)) << presence;
  }
}

TEST(RecordCodec, ACompletionComesBackAsItWas) {
  const Completion completion = {.time_us = 5,
                                 .workflow = "support",
                                 .workflow_id = "run",
                                 .outcome = Outcome::kAbandoned,
                                 .unused_steps = {"draft", ""}};
  std::string bytes;
  AppendRecord(completion, &bytes);
  Completion read;
  ASSERT_TRUE(ParseRecord(bytes, &read));
  EXPECT_EQ(read.time_us, 5);
  EXPECT_EQ(read.workflow, "support");
  EXPECT_EQ(read.workflow_id, "run");
  EXPECT_EQ(read.outcome, Outcome::kAbandoned);
  EXPECT_EQ(read.unused_steps, completion.unused_steps);
}

TEST(RecordCodec, RefusesARecordThatIsTooShortOrTooLong) {
  const std::string bytes = BytesOf(FullCall());
  Call call;
  Completion completion;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ParseRecord(bytes.substr(0, size), &call)) << size;
  }
  EXPECT_FALSE(ParseRecord(bytes + "x", &call));
  EXPECT_FALSE(ParseRecord(std::string(20, '\xff'), &completion));
}

}  // namespace
}  // namespace itemized::client
