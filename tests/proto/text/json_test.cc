// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "itemized/v1/ingest.pb.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"

namespace itemized::text {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string OneLine(const google::protobuf::Message& message) {
  const absl::StatusOr<std::string> json = ToJson(message, JsonLayout::kOneLine);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.value_or("");
}

TEST(Json, HasCountsAsNumbersAndMoneyAsText) {
  v1::TopTotal total;
  total.set_calls(9'007'199'254'740'991);
  total.set_cost_usd("0.147");
  EXPECT_EQ(OneLine(total),
            "{\"calls\":9007199254740991,\"cost_usd\":\"0.147\",\"unpriced_calls\":0,"
            "\"outliers\":0,\"usage_missing_calls\":0,\"learning_calls\":0}");
}

TEST(Json, RefusesACountThatReadersWouldRound) {
  for (const int64_t calls : {int64_t{1} << 53, -(int64_t{1} << 53), INT64_MAX, INT64_MIN}) {
    v1::GetTopResponse top;
    top.mutable_total()->set_calls(calls);
    const absl::Status status = ToJson(top, JsonLayout::kOneLine).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << calls;
    EXPECT_THAT(std::string(status.message()), HasSubstr("calls"));
  }
  v1::Welcome welcome;
  welcome.set_last_sequence(uint64_t{1} << 53);
  EXPECT_FALSE(ToJson(welcome, JsonLayout::kOneLine).ok());
  v1::SeriesGroup group;
  group.add_point_calls(int64_t{1} << 60);
  EXPECT_FALSE(ToJson(group, JsonLayout::kOneLine).ok());
}

TEST(Json, WritesEnumsInShortAndSaysOfARunThatItIsOpen) {
  v1::GetRunResponse run;
  EXPECT_THAT(OneLine(run), HasSubstr("\"outcome\":\"open\""));
  run.set_outcome(v1::OUTCOME_SHORT_CIRCUITED);
  EXPECT_THAT(OneLine(run), HasSubstr("\"outcome\":\"short_circuited\""));
  run.set_outcome(static_cast<v1::Outcome>(77));
  EXPECT_THAT(OneLine(run), HasSubstr("\"outcome\":\"77\""));
  v1::Refusal refusal;
  EXPECT_THAT(OneLine(refusal), Not(HasSubstr("code")));
  refusal.set_code(v1::REFUSAL_CODE_TOKENS_OUT_OF_RANGE);
  EXPECT_THAT(OneLine(refusal), HasSubstr("\"code\":\"tokens_out_of_range\""));
}

TEST(Json, LeavesOutWhatIsNotKnownButNotTheKeyOfARow) {
  EXPECT_THAT(OneLine(v1::TopRow()),
              AllOf(HasSubstr("{\"key\":\"\","), Not(HasSubstr("cost_usd")),
                    HasSubstr("\"call_share\":0,"), HasSubstr("\"threshold_learning\":false")));
  EXPECT_THAT(OneLine(v1::SeriesGroup()),
              AllOf(HasSubstr("\"key\":\"\""), HasSubstr("\"point_calls\":[]")));
  EXPECT_EQ(OneLine(v1::GetWorkflowsResponse()), "{\"rows\":[]}");
  v1::WorkflowRow row;
  EXPECT_THAT(OneLine(row), Not(HasSubstr("completed_usd")));
  row.set_mean_steps_per_completed(0);
  EXPECT_THAT(OneLine(row), HasSubstr("\"mean_steps_per_completed\":0"));
  EXPECT_THAT(OneLine(v1::BilledCall()),
              AllOf(HasSubstr("\"attributes\":{}"), Not(HasSubstr("usage"))));
}

TEST(Json, WritesMapsAsObjectsByTheirKeysWithEveryValue) {
  v1::BilledCall call;
  (*call.mutable_attributes())["tenant"] = "acme";
  (*call.mutable_attributes())["a\"b"] = "";
  EXPECT_THAT(OneLine(call), HasSubstr("\"attributes\":{\"a\\\"b\":\"\",\"tenant\":\"acme\"}"));
}

TEST(Json, WritesTheOneFieldOfAMatchThatIsSet) {
  v1::ModelMatch match;
  match.mutable_any_of()->add_matches()->set_starts_with("gpt-5");
  match.mutable_any_of()->add_matches()->set_equals("o3");
  EXPECT_EQ(OneLine(match),
            "{\"any_of\":{\"matches\":[{\"starts_with\":\"gpt-5\"},{\"equals\":\"o3\"}]}}");
}

TEST(Json, WritesDoublesInTheirShortestForm) {
  v1::BilledCall call;
  const auto duration = [&](double ms) {
    call.set_duration_ms(ms);
    return OneLine(call);
  };
  EXPECT_THAT(duration(0.1), HasSubstr("\"duration_ms\":0.1,"));
  EXPECT_THAT(duration(812), HasSubstr("\"duration_ms\":812,"));
  EXPECT_THAT(duration(1.0 / 3), HasSubstr("\"duration_ms\":0.3333333333333333,"));
  EXPECT_THAT(duration(1e300 * 1e300), Not(HasSubstr("duration_ms")));
}

TEST(Json, EscapesWhatCouldSteerATerminalAndMendsWhatIsNotUtf8) {
  EXPECT_EQ(JsonString("a\"b\\c\n\t\x1b[31m\x7f"), R"("a\"b\\c\n\t\u001b[31m\u007f")");
  EXPECT_EQ(JsonString("\u202e\u2028\U000E0001\u00e9\U0001F600"),
            "\"\\u202e\\u2028\\udb40\\udc01\u00e9\U0001F600\"");
  EXPECT_EQ(JsonString("a\xff\xc3"), "\"a\uFFFD\uFFFD\"");
  EXPECT_EQ(JsonString(absl::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Json, IsIndentedForReading) {
  v1::SeriesGroup group;
  group.set_key("a");
  group.add_point_calls(1);
  group.add_point_calls(2);
  EXPECT_EQ(*ToJson(group, JsonLayout::kIndented),
            "{\n \"key\": \"a\",\n \"calls\": 0,\n \"point_cost_usd\": [],\n \"point_calls\": [\n"
            "  1,\n  2\n ]\n}\n");
}

TEST(Json, OfAListElementByElementIsThatOfTheWhole) {
  for (const int calls : {0, 1, 3}) {
    v1::GetRunResponse run;
    run.set_workflow_id("r");
    for (int i = 0; i < calls; ++i) {
      (*run.add_calls()->mutable_attributes())["i"] = std::to_string(i);
    }
    run.set_call_count(calls);
    std::ostringstream out;
    JsonListWriter writer(out, run, "calls");
    ASSERT_TRUE(writer.Begin().ok());
    for (const v1::BilledCall& call : run.calls()) {
      ASSERT_TRUE(writer.Add(call).ok());
    }
    writer.End();
    EXPECT_EQ(out.str(), *ToJson(run, JsonLayout::kIndented));
  }
}

}  // namespace
}  // namespace itemized::text
