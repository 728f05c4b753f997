// SPDX-License-Identifier: Apache-2.0
// What calls have reported instead of a usage becomes their usage when a batch is decoded.

#include "server/convert/usage_reports.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "itemized/v1/ingest.pb.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/convert/batch_decoder.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kResponse[] =
    R"({"id":"msg_1","type":"message","model":"claude-sonnet-4-5","usage":)"
    R"({"input_tokens":10,"cache_read_input_tokens":7,"output_tokens":3}})";

DecodedBatch Decode(const pb::WriteRequest& request) {
  auto bytes = std::make_shared<std::string>(request.SerializeAsString());
  auto decoded = DecodeWriteRequest({*bytes, bytes});
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return *std::move(decoded);
}

pb::Call* AddCall(const std::string& report, pb::WriteRequest& request) {
  pb::Call* call = request.mutable_batch()->add_events()->mutable_call();
  call->set_step("plan");
  call->set_usage_reported(report);
  return call;
}

const CallColumns& Rows(const DecodedBatch& batch) {
  return batch.parts.at(0).calls;
}

absl::string_view ModelAt(const CallColumns& rows, size_t row) {
  return rows.strings[rows.model[row]];
}

absl::string_view ProviderAt(const CallColumns& rows, size_t row) {
  return rows.strings[rows.provider[row]];
}

TEST(UsageReports, BecomeTheUsageTheProviderAndTheModelOfTheirCalls) {
  pb::WriteRequest request;
  AddCall(kResponse, request);
  const DecodedBatch batch = Decode(request);
  const CallColumns& rows = Rows(batch);
  EXPECT_THAT(rows.usage[0], ElementsAre(10));
  EXPECT_THAT(rows.usage[1], ElementsAre(7));
  EXPECT_THAT(rows.usage[4], ElementsAre(3));
  EXPECT_THAT(rows.usage_missing, IsEmpty());
  EXPECT_EQ(ProviderAt(rows, 0), "anthropic");
  EXPECT_EQ(ModelAt(rows, 0), "claude-sonnet-4-5");
  EXPECT_EQ(batch.usage_reports.unknown, 0);
}

TEST(UsageReports, SayWhetherThereWasUsageThatCannotBeCounted) {
  pb::WriteRequest request;
  AddCall(R"({"usage":{"tokens_in":10}})", request);
  AddCall(R"({"error":{"message":"overloaded","type":"server_error"}})", request);
  AddCall(kResponse, request);
  request.mutable_batch()->add_events()->mutable_call()->set_usage_unknown(true);
  const DecodedBatch batch = Decode(request);
  EXPECT_THAT(Rows(batch).usage_missing, ElementsAre(true, true, false, true));
  EXPECT_THAT(Rows(batch).usage_unknown, ElementsAre(true, false, false, true));
  EXPECT_EQ(batch.usage_reports.unknown, 1);
}

TEST(UsageReports, BringTheCostThatTheProviderNames) {
  pb::WriteRequest request;
  constexpr char kReport[] =
      R"({"object":"chat.completion","usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.0042}})";
  AddCall(kReport, request);
  AddCall(kReport, request)->set_reported_cost_usd("1.5e-05");
  AddCall(kResponse, request);
  EXPECT_THAT(Rows(Decode(request)).reported_cost, ElementsAre(4'200'000'001, 15'000'001, 0));
}

TEST(UsageReports, ACostThatIsNoneIsRefusedWithItsCall) {
  for (const char* cost : {"-1", "abc", "1e400", "nan", "9223373", "1,5"}) {
    pb::WriteRequest request;
    AddCall(kResponse, request)->set_reported_cost_usd(cost);
    const DecodedBatch batch = Decode(request);
    ASSERT_THAT(batch.refusals, SizeIs(1)) << cost;
    EXPECT_EQ(batch.refusals[0].code, RefusalCode::kCostOutOfRange);
    EXPECT_THAT(batch.refusals[0].message,
                AllOf(HasSubstr(cost), HasSubstr("give an amount in USD from 0 to 9,223,372")));
  }
}

// Sends a usage of a call whose sender says how it counts the cache.
DecodedBatch DecodeCounting(pb::CacheAccounting accounting, int64_t input, int64_t cache_read) {
  pb::WriteRequest request;
  pb::Call* call = request.mutable_batch()->add_events()->mutable_call();
  call->set_cache_accounting(accounting);
  call->mutable_usage()->set_input_tokens(input);
  call->mutable_usage()->set_cache_read_tokens(cache_read);
  call->mutable_usage()->set_cache_write_1h_tokens(2);
  call->mutable_usage()->set_output_tokens(5);
  return Decode(request);
}

TEST(CacheAccounting, SaysWhetherTheInputOfAUsageIncludesTheCache) {
  EXPECT_THAT(Rows(DecodeCounting(pb::CACHE_ACCOUNTING_INCLUSIVE, 10, 7)).usage[0], ElementsAre(1));
  EXPECT_THAT(Rows(DecodeCounting(pb::CACHE_ACCOUNTING_EXCLUSIVE, 10, 7)).usage[0],
              ElementsAre(10));
  EXPECT_THAT(Rows(DecodeCounting(pb::CACHE_ACCOUNTING_UNSPECIFIED, 10, 7)).usage[0],
              ElementsAre(10));
}

TEST(CacheAccounting, OfMoreCacheThanInputIsRefusedWithTheNumbers) {
  const DecodedBatch batch = DecodeCounting(pb::CACHE_ACCOUNTING_INCLUSIVE, 10, 9);
  ASSERT_THAT(batch.refusals, SizeIs(1));
  EXPECT_EQ(batch.refusals[0].code, RefusalCode::kTokensOutOfRange);
  EXPECT_EQ(batch.refusals[0].message,
            "The cache_accounting is inclusive, but input_tokens are 10 and the cache's counts, "
            "which they should include, are 11; send all of the input, or say exclusive.");
}

TEST(CacheAccounting, ThatIsUnknownIsRefused) {
  const DecodedBatch batch = DecodeCounting(static_cast<pb::CacheAccounting>(3), 10, 1);
  ASSERT_THAT(batch.refusals, SizeIs(1));
  EXPECT_THAT(batch.refusals[0].message, HasSubstr("The cache_accounting 3 is unknown"));
}

TEST(CacheAccounting, HoldsForWhatIsReportedToo) {
  pb::WriteRequest request;
  AddCall(kResponse, request)->set_cache_accounting(pb::CACHE_ACCOUNTING_INCLUSIVE);
  constexpr char kChat[] =
      R"({"usage":{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":12}}})";
  AddCall(kChat, request)->set_cache_accounting(pb::CACHE_ACCOUNTING_EXCLUSIVE);
  EXPECT_THAT(Rows(Decode(request)).usage[0], ElementsAre(3, 10));
  AddCall(kChat, request)->set_cache_accounting(pb::CACHE_ACCOUNTING_INCLUSIVE);
  const DecodedBatch batch = Decode(request);
  ASSERT_THAT(batch.refusals, SizeIs(1));
  EXPECT_THAT(batch.refusals[0].message, HasSubstr("input_tokens are 10"));
}

TEST(UsageReports, LeaveWhatTheSenderSays) {
  pb::WriteRequest request;
  pb::Call* call = AddCall(kResponse, request);
  call->set_provider("google");
  call->set_model("mine");
  const DecodedBatch batch = Decode(request);
  EXPECT_EQ(ProviderAt(Rows(batch), 0), "google");
  EXPECT_EQ(ModelAt(Rows(batch), 0), "mine");
}

// Returns the attributes of the first row as "key=value" texts.
std::vector<std::string> AttributesOf(const CallColumns& rows) {
  std::vector<std::string> attributes;
  for (size_t i = 0; i < rows.attribute_keys.size(); ++i) {
    attributes.push_back(absl::StrCat(rows.strings[rows.attribute_keys[i]], "=",
                                      rows.strings[rows.attribute_values[i]]));
  }
  return attributes;
}

constexpr char kServedFlex[] =
    R"({"model":"m","service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":2}})";

TEST(UsageReports, TellHowACallWasServed) {
  pb::WriteRequest request;
  AddCall(kServedFlex, request);
  EXPECT_THAT(AttributesOf(Rows(Decode(request))), ElementsAre("itemized.service_tier=flex"));
}

TEST(UsageReports, LeaveWhatTheSenderSaysOfHowACallWasServed) {
  pb::WriteRequest request;
  AddCall(kServedFlex, request)->set_service_tier("batch");
  EXPECT_THAT(AttributesOf(Rows(Decode(request))), ElementsAre("itemized.service_tier=batch"));
  pb::WriteRequest other;
  (*AddCall(kServedFlex, other)->mutable_attributes())["itemized.service_tier"] = "priority";
  EXPECT_THAT(AttributesOf(Rows(Decode(other))), ElementsAre("itemized.service_tier=priority"));
}

TEST(UsageReports, OfPiecesOfAStreamAreReadTogether) {
  pb::WriteRequest request;
  AddCall(R"([{"type":"message_start","message":{"id":"msg_1","model":"m","usage":)"
          R"({"input_tokens":10,"output_tokens":1}}},)"
          R"({"type":"content_block_delta"},)"
          R"({"type":"message_delta","usage":{"output_tokens":30}}])",
          request);
  const DecodedBatch batch = Decode(request);
  EXPECT_THAT(Rows(batch).usage[0], ElementsAre(10));
  EXPECT_THAT(Rows(batch).usage[4], ElementsAre(30));
}

TEST(UsageReports, OfManyCallsKeepTheirNames) {
  pb::WriteRequest request;
  for (int i = 0; i < 2'000; ++i) {
    AddCall(R"({"model":"model-)" + std::to_string(i) + R"(","usage":{"prompt_tokens":1}})",
            request);
  }
  const DecodedBatch batch = Decode(request);
  for (size_t row = 0; row < 2'000; ++row) {
    ASSERT_EQ(ModelAt(Rows(batch), row), "model-" + std::to_string(row));
  }
}

TEST(UsageReports, ThatCannotBeCountedLeaveTheCallWithoutUsage) {
  pb::WriteRequest request;
  AddCall(R"({"model":"m","usage":{"tokens_in":10}})", request);
  AddCall(kResponse, request);
  AddCall(R"({"prompt_tokens":-1})", request);
  AddCall(R"({"prompt_tokens":-2})", request);
  const DecodedBatch batch = Decode(request);
  EXPECT_THAT(batch.refusals, IsEmpty());
  EXPECT_THAT(Rows(batch).usage_missing, ElementsAre(true, false, true, true));
  EXPECT_EQ(ModelAt(Rows(batch), 0), "m");
  EXPECT_EQ(batch.usage_reports.unknown, 1);
  EXPECT_EQ(batch.usage_reports.misreported, 2);
  ASSERT_THAT(batch.usage_reports.troubles, SizeIs(2));  // One of each kind.
  EXPECT_THAT(batch.usage_reports.troubles[0].sentence, HasSubstr("tokens_in"));
  EXPECT_THAT(batch.usage_reports.troubles[1].sentence, HasSubstr("is -1"));
}

TEST(UsageReports, BesideAUsageAreRefusedWithTheirCall) {
  pb::WriteRequest request;
  AddCall(kResponse, request)->mutable_usage()->set_input_tokens(1);
  AddCall(kResponse, request);
  const DecodedBatch batch = Decode(request);
  ASSERT_THAT(batch.refusals, SizeIs(1));
  EXPECT_EQ(batch.refusals[0].index, 0U);
  EXPECT_THAT(batch.refusals[0].message, HasSubstr("both usage and usage_reported"));
  EXPECT_EQ(Rows(batch).size(), 1U);  // Its neighbour is taken.
}

TEST(UsageReports, ThatCannotBeReadAreRefusedWithTheirCall) {
  pb::WriteRequest request;
  AddCall("{", request);
  AddCall("12", request);
  AddCall(kResponse, request);
  const DecodedBatch batch = Decode(request);
  ASSERT_THAT(batch.refusals, SizeIs(2));
  EXPECT_THAT(batch.refusals[0].message, HasSubstr("not valid JSON"));
  EXPECT_THAT(batch.refusals[1].message, HasSubstr("neither an object nor an array"));
  EXPECT_EQ(Rows(batch).size(), 1U);
}

}  // namespace
}  // namespace itemized::server
