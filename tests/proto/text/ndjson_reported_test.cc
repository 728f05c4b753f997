// SPDX-License-Identifier: Apache-2.0
// Lines with what a provider reported instead of a usage.

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/text/ndjson.h"

namespace itemized::text {
namespace {

using ::testing::HasSubstr;

std::string With(absl::string_view member) {
  return absl::StrCat(R"({"time":"2026-11-01T00:00:00Z",)", member, "}");
}

std::string ReportedOf(absl::string_view report) {
  NdjsonParser parser;
  pb::Event event;
  const auto refusal = parser.Parse(With(absl::StrCat(R"("usage_reported":)", report)), event);
  EXPECT_FALSE(refusal.has_value()) << report << refusal->message;
  EXPECT_FALSE(event.call().has_usage());
  return event.call().usage_reported();
}

std::string RefusalOf(absl::string_view member) {
  NdjsonParser parser;
  pb::Event event;
  const std::optional<LineRefusal> refusal = parser.Parse(With(member), event);
  EXPECT_TRUE(refusal.has_value()) << member;
  return refusal.value_or(LineRefusal()).message;
}

TEST(NdjsonReported, IsCarriedOverAsItStands) {
  for (const char* report :
       {R"({"prompt_tokens": 12,  "cost":1.50, "details":{"a":[1,{"b":"}]\""}]}})", "{}", "[]",
        R"([{"type":"message_start"}, {"usage":null}])"}) {
    EXPECT_EQ(ReportedOf(report), report);
    EXPECT_EQ(ReportedOf(absl::StrCat(" ", report, " \n ")), report);
  }
  EXPECT_EQ(ReportedOf("null"), "");
}

TEST(NdjsonReported, MayBeUnknownToTheSender) {
  NdjsonParser parser;
  pb::Event event;
  EXPECT_FALSE(parser.Parse(With(R"("usage_unknown":true)"), event).has_value());
  EXPECT_TRUE(event.call().usage_unknown());
  EXPECT_EQ(RefusalOf(R"("usage_unknown":1)"),
            "\"usage_unknown\" must be true or false, but is a number.");
}

TEST(NdjsonReported, MayHaveACostAsANumberOrAsText) {
  NdjsonParser parser;
  pb::Event event;
  for (const char* amount : {"0.00420", "1.5e-05", "0"}) {
    EXPECT_FALSE(
        parser.Parse(With(absl::StrCat("\"reported_cost_usd\":", amount)), event).has_value());
    EXPECT_EQ(event.call().reported_cost_usd(), amount);
    EXPECT_FALSE(parser.Parse(With(absl::StrCat("\"reported_cost_usd\":\"", amount, "\"")), event)
                     .has_value());
    EXPECT_EQ(event.call().reported_cost_usd(), amount);
  }
  EXPECT_EQ(RefusalOf(R"("reported_cost_usd":[])"),
            "\"reported_cost_usd\" must be an amount in USD, but is an array.");
}

TEST(NdjsonReported, MaySayHowTheCacheIsCounted) {
  NdjsonParser parser;
  pb::Event event;
  EXPECT_FALSE(parser.Parse(With(R"("cache_accounting":"inclusive")"), event).has_value());
  EXPECT_EQ(event.call().cache_accounting(), pb::CACHE_ACCOUNTING_INCLUSIVE);
  EXPECT_FALSE(parser.Parse(With(R"("cache_accounting":"exclusive")"), event).has_value());
  EXPECT_EQ(event.call().cache_accounting(), pb::CACHE_ACCOUNTING_EXCLUSIVE);
  EXPECT_EQ(RefusalOf(R"("cache_accounting":"both")"),
            "\"cache_accounting\" must be one of inclusive, exclusive, but is \"both\".");
}

TEST(NdjsonReported, IsAnObjectOrAnArray) {
  constexpr char kWanted[] =
      "\"usage_reported\" must be the object that the provider reported, or an array of the pieces "
      "of a stream, as it stands, but is ";
  EXPECT_EQ(RefusalOf(R"("usage_reported":"{}")"), absl::StrCat(kWanted, "a string."));
  EXPECT_EQ(RefusalOf(R"("usage_reported":12)"), absl::StrCat(kWanted, "a number."));
  EXPECT_EQ(RefusalOf(R"("usage_reported":true)"), absl::StrCat(kWanted, "a boolean."));
}

TEST(NdjsonReported, IsGivenOnceAndByCallsAlone) {
  EXPECT_THAT(RefusalOf(R"("usage_reported":{},"usage_reported":{})"), HasSubstr("given twice"));
  EXPECT_THAT(RefusalOf(R"("outcome":"completed","usage_reported":{})"),
              HasSubstr("\"usage_reported\" belongs to calls"));
}

// What is in it is for the server to judge, where it costs only its call.
TEST(NdjsonReported, IsNotLookedInto) {
  EXPECT_EQ(ReportedOf(R"({"a":NaN,"b":1e999})"), R"({"a":NaN,"b":1e999})");
}

}  // namespace
}  // namespace itemized::text
