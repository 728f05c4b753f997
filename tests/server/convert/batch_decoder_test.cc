// SPDX-License-Identifier: Apache-2.0
#include "server/convert/batch_decoder.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "itemized/v1/ingest.pb.h"
#include <gmock/gmock.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "storage/base/money.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"
#include "tests/server/convert/random_batch.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

WireBytes BytesOf(const std::string& text) {
  auto owner = std::make_shared<std::string>(text);
  return {*owner, owner};
}

DecodedBatch Decode(const pb::Batch& batch) {
  pb::WriteRequest request;
  *request.mutable_batch() = batch;
  auto decoded = DecodeWriteRequest(BytesOf(request.SerializeAsString()));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return *std::move(decoded);
}

template <typename T>
T At(absl::Span<const T> column, size_t row) {
  return column.empty() ? T{} : column[row];
}

// Returns the call that a row of columns stands for, by the rules of event_batch.h.
pb::Call CallAt(const CallColumns& columns, size_t row) {
  pb::Call call;
  size_t id_start = 0;
  size_t attribute = 0;
  for (size_t i = 0; i < row; ++i) {
    id_start += At(columns.event_id_sizes, i);
    attribute += At(columns.attribute_counts, i);
  }
  const auto name = [&](uint32_t index) { return std::string(columns.strings[index]); };
  call.set_event_id(
      std::string(columns.event_id_data.substr(id_start, At(columns.event_id_sizes, row))));
  call.set_time_unix_us(columns.base_time_us + columns.time_offset_us[row]);
  call.set_workflow(name(columns.workflow[row]));
  call.set_workflow_id(name(columns.workflow_id[row]));
  call.set_step(name(columns.step[row]));
  call.set_provider(name(columns.provider[row]));
  call.set_model(name(columns.model[row]));
  call.set_duration_us(At(columns.duration_us, row));
  call.set_revision(At(columns.revision, row));
  call.set_status(static_cast<pb::CallStatus>(At(columns.status, row) + 1));
  if (!At(columns.usage_missing, row)) {
    pb::Usage* usage = call.mutable_usage();
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      const auto* field = usage->GetDescriptor()->FindFieldByNumber(static_cast<int>(c) + 1);
      usage->GetReflection()->SetInt64(usage, field, At(columns.usage[c], row));
    }
  }
  if (const int64_t reported_cost = At(columns.reported_cost, row); reported_cost != 0) {
    call.set_reported_cost_usd(FormatUsd(reported_cost - 1));
  }
  call.set_usage_unknown(At(columns.usage_unknown, row));
  for (size_t i = 0; i < At(columns.attribute_counts, row); ++i, ++attribute) {
    const std::string key = name(columns.attribute_keys[attribute]);
    const std::string value = name(columns.attribute_values[attribute]);
    if (key == kServiceTierAttribute) {
      call.set_service_tier(value);
    } else if (key == kRegionAttribute) {
      call.set_region(value);
    } else {
      (*call.mutable_attributes())[key] = value;
    }
  }
  return call;
}

pb::Completion ToMessage(const Completion& from) {
  pb::Completion completion;
  completion.set_time_unix_us(from.time_us);
  completion.set_workflow(from.workflow);
  completion.set_workflow_id(from.workflow_id);
  completion.set_outcome(static_cast<pb::Outcome>(from.outcome));
  for (const std::string& step : from.unused_steps) {
    completion.add_unused_steps(step);
  }
  return completion;
}

// Puts the events that go to the database back in the order of the sender.
pb::Batch Restore(const DecodedBatch& decoded) {
  std::vector<pb::Event> events(decoded.events);
  for (const BatchPart& part : decoded.parts) {
    const EventBatch batch = part.ToEventBatch();
    for (uint32_t i = 0; i < batch.calls.size(); ++i) {
      *events[part.positions.Of(i)].mutable_call() = CallAt(batch.calls, i);
    }
    for (uint32_t i = 0; i < batch.completions.size(); ++i) {
      const auto index = static_cast<uint32_t>(batch.calls.size()) + i;
      *events[part.positions.Of(index)].mutable_completion() = ToMessage(batch.completions[i]);
    }
  }
  pb::Batch restored;
  restored.mutable_events()->Add(events.begin(), events.end());
  return restored;
}

TEST(BatchDecoder, EveryFieldOfRowsArrivesInTheOrderOfTheSender) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    pb::Batch batch;
    for (uint64_t left = random() % 20; left > 0; --left) {
      FillRandomly(*batch.add_events(), random);
    }
    for (pb::Event& event : *batch.mutable_events()) {
      if (event.has_call()) {
        event.mutable_call()->clear_usage_reported();    // The usage takes its place.
        event.mutable_call()->clear_cache_accounting();  // It is applied to the usage.
      }
      if (event.has_call()) {
        event.mutable_call()->set_reported_cost_usd(
            FormatUsd(static_cast<int64_t>(random() % (uint64_t{1} << 50))));
      }
      if (event.call().usage_unknown()) {
        event.mutable_call()->clear_usage();  // Where there is usage, none is unknown.
      }
      if (event.has_call() && event.call().status() == pb::CALL_STATUS_UNSPECIFIED) {
        event.mutable_call()->set_status(
            pb::CALL_STATUS_OK);  // An unset status is read as this one.
      }
    }
    const pb::Batch restored = Restore(Decode(batch));
    ASSERT_TRUE(MessageDifferencer::Equals(batch, restored))
        << batch.DebugString() << restored.DebugString();
  }
}

TEST(BatchDecoder, EveryFieldOfColumnsArrives) {
  std::mt19937_64 random(2);
  pb::Batch batch;
  *batch.mutable_columns() = RandomColumns(50, random);
  const pb::CallColumns& sent = batch.columns();
  const DecodedBatch decoded = Decode(batch);
  ASSERT_EQ(decoded.parts.size(), 1u);
  const CallColumns got = decoded.parts[0].ToEventBatch().calls;

  // A new column has to be decoded, and then compared here.
  EXPECT_EQ(sent.GetDescriptor()->field_count(), 17 + static_cast<int>(kUsageClassCount));
  const auto same = [](const auto& column, const auto& field) {
    return std::equal(column.begin(), column.end(), field.begin(), field.end());
  };
  EXPECT_TRUE(same(got.strings, sent.strings()));
  EXPECT_EQ(got.base_time_us, sent.base_time_unix_us());
  EXPECT_TRUE(same(got.time_offset_us, sent.time_offset_us()));
  EXPECT_EQ(got.event_id_data, sent.event_id_data());
  EXPECT_TRUE(same(got.event_id_sizes, sent.event_id_sizes()));
  EXPECT_TRUE(same(got.workflow, sent.workflow()));
  EXPECT_TRUE(same(got.workflow_id, sent.workflow_id()));
  EXPECT_TRUE(same(got.step, sent.step()));
  EXPECT_TRUE(same(got.provider, sent.provider()));
  EXPECT_TRUE(same(got.model, sent.model()));
  EXPECT_TRUE(same(got.usage_missing, sent.usage_missing()));
  EXPECT_TRUE(same(got.duration_us, sent.duration_us()));
  EXPECT_TRUE(same(got.revision, sent.revision()));
  EXPECT_TRUE(same(got.attribute_counts, sent.attribute_counts()));
  EXPECT_TRUE(same(got.attribute_keys, sent.attribute_keys()));
  EXPECT_TRUE(same(got.attribute_values, sent.attribute_values()));
  for (int i = 0; i < sent.status_size(); ++i) {
    EXPECT_EQ(got.status[static_cast<size_t>(i)], std::max(0, sent.status(i) - 1));
  }
  const auto* reflection = sent.GetReflection();
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const auto* field =
        sent.GetDescriptor()->FindFieldByNumber(static_cast<int>(kUsageClasses[c].column));
    EXPECT_TRUE(same(got.usage[c], reflection->GetRepeatedFieldRef<int64_t>(sent, field)));
  }
}

TEST(BatchDecoder, NamesOfColumnsThatWereLeftOutAreEmpty) {
  pb::Batch batch;
  batch.mutable_columns()->add_strings("not empty");
  batch.mutable_columns()->add_time_offset_us(5);
  batch.mutable_columns()->add_time_offset_us(6);
  const CallColumns columns = Decode(batch).parts.at(0).ToEventBatch().calls;
  EXPECT_EQ(CallAt(columns, 1).workflow(), "");
  EXPECT_EQ(CallAt(columns, 1).model(), "");
  EXPECT_EQ(CallAt(columns, 1).time_unix_us(), 6);
}

TEST(BatchDecoder, ABadNameStaysAsItIsForTheDatabaseToRefuse) {
  google::protobuf::LogSilencer silencer;
  pb::Batch batch;
  batch.add_events()->mutable_call()->set_step("good");
  batch.add_events()->mutable_call()->set_step("\xff\xfe");
  const CallColumns columns = Decode(batch).parts.at(0).ToEventBatch().calls;
  EXPECT_EQ(CallAt(columns, 0).step(), "good");
  EXPECT_EQ(CallAt(columns, 1).step(), "\xff\xfe");
}

TEST(BatchDecoder, AnEmptyEventIsRefusedAtItsPlace) {
  pb::Batch batch;
  batch.add_events()->mutable_call()->set_step("a");
  batch.add_events();
  batch.add_events()->mutable_call()->set_step("b");
  const DecodedBatch decoded = Decode(batch);
  ASSERT_EQ(decoded.refusals.size(), 1u);
  EXPECT_EQ(decoded.refusals[0].index, 1u);
  EXPECT_EQ(decoded.refusals[0].code, RefusalCode::kMissingField);
  EXPECT_EQ(decoded.parts.at(0).size(), 2u);
}

TEST(BatchDecoder, AnEventOfBrokenBytesIsRefusedAtItsPlace) {
  pb::Batch batch;
  batch.add_events()->mutable_call()->set_step("a");
  pb::WriteRequest request;
  *request.mutable_batch() = batch;
  // This is appended to the message: a batch with an event that names a call of five
  // bytes and has none. It merges with the batch before.
  const std::string broken = "\x0a\x04\x0a\x02\x0a\x05";
  const auto decoded = DecodeWriteRequest(BytesOf(request.SerializeAsString() + broken));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->events, 2u);
  ASSERT_EQ(decoded->refusals.size(), 1u);
  EXPECT_EQ(decoded->refusals[0].index, 1u);
  EXPECT_EQ(decoded->refusals[0].code, RefusalCode::kMalformed);
}

TEST(BatchDecoder, ABatchThatIsTooLargeIsRefusedAsAWhole) {
  pb::Batch batch;
  for (size_t i = 0; i < kBatchEventsMax; ++i) {
    batch.add_events()->mutable_call();
  }
  EXPECT_THAT(Decode(batch).refusals, IsEmpty());
  batch.mutable_columns()->add_time_offset_us(1);
  const DecodedBatch decoded = Decode(batch);
  EXPECT_THAT(decoded.parts, IsEmpty());
  ASSERT_EQ(decoded.refusals.size(), 1u);
  EXPECT_EQ(decoded.refusals[0].code, RefusalCode::kBatchTooLarge);
  EXPECT_EQ(decoded.events, kBatchEventsMax + 1);
}

TEST(BatchDecoder, UnknownNumbersOfEnumsStayUnknown) {
  pb::Batch batch;
  batch.add_events()->mutable_call()->set_status(static_cast<pb::CallStatus>(99));
  batch.add_events()->mutable_completion()->set_outcome(static_cast<pb::Outcome>(257));
  const EventBatch events = Decode(batch).parts.at(0).ToEventBatch();
  EXPECT_GT(events.calls.status[0], static_cast<int32_t>(CallStatus::kCancelled));
  EXPECT_GE(static_cast<int>(events.completions[0].outcome), kOutcomeCount);
}

TEST(BatchDecoder, TheLastValueOfAnAttributeWins) {
  // Some encoders write the entries of a map one after another like this.
  const std::string entries =
      "\x5a\x06\x0a\x01k\x12\x01"
      "a\x5a\x06\x0a\x01k\x12\x01"
      "b";
  EventView event;
  std::string call;
  call += '\x0a';
  call += static_cast<char>(entries.size());
  call += entries;
  ASSERT_TRUE(DecodeEvent(call, event));
  ASSERT_EQ(event.call.attributes.size(), 1u);
  EXPECT_EQ(event.call.attributes[0].second, "b");
}

TEST(BatchDecoder, BytesThatAreNoMessageAreAnError) {
  const auto decoded = DecodeIngestRequest(BytesOf("\x12\x7f"));
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("encodes"));
}

// The sanitizers see whether anything reads beyond the bytes, which is what the test is about.
// Where the generated parser finds a message, so must the decoder.
TEST(BatchDecoder, DamagedBytesDoNoHarm) {
  google::protobuf::LogSilencer silencer;
  std::mt19937_64 random(3);
  for (int round = 0; round < 3000; ++round) {
    pb::IngestRequest request;
    request.set_sequence(random());
    FillRandomly(*request.mutable_batch()->add_events(), random);
    *request.mutable_batch()->mutable_columns() = RandomColumns(3, random);
    std::string bytes = request.SerializeAsString();
    for (uint64_t left = random() % 4; left > 0; --left) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(bytes.size() - random() % 2 * (random() % bytes.size()));
    const auto decoded = DecodeIngestRequest(BytesOf(bytes));
    if (!decoded.ok()) {
      continue;
    }
    pb::IngestRequest parsed;
    if (parsed.ParseFromString(bytes)) {
      const int events = parsed.batch().events_size();
      const int rows = parsed.batch().columns().time_offset_us_size();
      EXPECT_EQ(decoded->batch.events, static_cast<size_t>(events + rows));
      EXPECT_EQ(decoded->sequence, parsed.sequence());
    }
    for (const BatchPart& part : decoded->batch.parts) {
      part.ToEventBatch();
    }
  }
}

}  // namespace
}  // namespace itemized::server
