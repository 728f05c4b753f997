// SPDX-License-Identifier: Apache-2.0
#include "proto/text/ndjson.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "storage/base/usage_classes.h"

namespace itemized::text {
namespace {

using ::testing::HasSubstr;

constexpr char kCall[] =
    R"({"event_id":"c-1","time":"2026-11-01T00:00:00.123Z","workflow":"support_ticket",)"
    R"("workflow_id":"run-1","step":"planning","provider":"anthropic",)"
    R"("model":"claude-sonnet-4-6","usage":{"input_tokens":8400,"cache_read_tokens":1,)"
    R"("cache_write_5m_tokens":2,"cache_write_1h_tokens":3,"output_tokens":620,)"
    R"("reasoning_tokens":4,"input_audio_tokens":5,"cache_read_audio_tokens":6,)"
    R"("output_audio_tokens":7,"input_image_tokens":8,"output_image_tokens":9,)"
    R"("web_searches":10},"duration_ms":812.5,"status":"error","revision":3,"service_tier":"flex",)"
    R"("region":"us","attributes":{"tenant":"acme"}})";

constexpr char kCompletion[] =
    R"({"time":"2026-11-01T01:01:00+01:00","workflow":"support_ticket","workflow_id":"run-1",)"
    R"("outcome":"short_circuited","unused_steps":["doc_synthesis","caf\u00e9"]})";

constexpr int64_t kTimeUs = 1'793'491'200'000'000;  // 2026-11-01T00:00:00Z

pb::Event Parsed(absl::string_view line) {
  NdjsonParser parser;
  pb::Event event;
  const std::optional<LineRefusal> refusal = parser.Parse(line, event);
  EXPECT_FALSE(refusal.has_value()) << line << "\n" << refusal->message;
  return event;
}

LineRefusal Refused(absl::string_view line) {
  NdjsonParser parser;
  pb::Event event;
  const std::optional<LineRefusal> refusal = parser.Parse(line, event);
  EXPECT_TRUE(refusal.has_value()) << line;
  return refusal.value_or(LineRefusal());
}

TEST(Ndjson, ReadsEveryFieldOfACall) {
  const pb::Event event = Parsed(kCall);
  const pb::Call& call = event.call();
  EXPECT_EQ(call.event_id(), "c-1");
  EXPECT_EQ(call.time_unix_us(), kTimeUs + 123'000);
  EXPECT_EQ(call.workflow(), "support_ticket");
  EXPECT_EQ(call.workflow_id(), "run-1");
  EXPECT_EQ(call.step(), "planning");
  EXPECT_EQ(call.provider(), "anthropic");
  EXPECT_EQ(call.model(), "claude-sonnet-4-6");
  EXPECT_EQ(call.revision(), 3U);
  EXPECT_EQ(call.service_tier(), "flex");
  EXPECT_EQ(call.region(), "us");
  EXPECT_EQ(call.usage().input_tokens(), 8400);
  EXPECT_EQ(call.usage().cache_read_tokens(), 1);
  EXPECT_EQ(call.usage().cache_write_5m_tokens(), 2);
  EXPECT_EQ(call.usage().cache_write_1h_tokens(), 3);
  EXPECT_EQ(call.usage().output_tokens(), 620);
  EXPECT_EQ(call.usage().reasoning_tokens(), 4);
  EXPECT_EQ(call.usage().input_audio_tokens(), 5);
  EXPECT_EQ(call.usage().cache_read_audio_tokens(), 6);
  EXPECT_EQ(call.usage().output_audio_tokens(), 7);
  EXPECT_EQ(call.usage().input_image_tokens(), 8);
  EXPECT_EQ(call.usage().output_image_tokens(), 9);
  EXPECT_EQ(call.usage().web_searches(), 10);
  EXPECT_EQ(call.duration_us(), 812'500);
  EXPECT_EQ(call.status(), pb::CALL_STATUS_ERROR);
  ASSERT_EQ(call.attributes().size(), 1u);
  EXPECT_EQ(call.attributes().at("tenant"), "acme");
}

TEST(Ndjson, KnowsEveryUsageClassOfTheProtocol) {
  const google::protobuf::Descriptor& usage = *pb::Usage::descriptor();
  for (int i = 0; i < usage.field_count(); ++i) {
    const pb::Event event = Parsed(absl::StrCat(R"({"time":"2026-11-01T00:00:00Z","usage":{")",
                                                usage.field(i)->name(), R"(":7}})"));
    const google::protobuf::Reflection& reflection = *event.call().usage().GetReflection();
    EXPECT_EQ(reflection.GetInt64(event.call().usage(), usage.field(i)), 7);
  }
}

TEST(Ndjson, ReadsALineWithAnOutcomeAsACompletion) {
  const pb::Event event = Parsed(kCompletion);
  ASSERT_TRUE(event.has_completion());
  const pb::Completion& completion = event.completion();
  EXPECT_EQ(completion.time_unix_us(), kTimeUs + 60'000'000);
  EXPECT_EQ(completion.workflow(), "support_ticket");
  EXPECT_EQ(completion.workflow_id(), "run-1");
  EXPECT_EQ(completion.outcome(), pb::OUTCOME_SHORT_CIRCUITED);
  EXPECT_THAT(completion.unused_steps(), testing::ElementsAre("doc_synthesis", "caf\u00e9"));
}

TEST(Ndjson, LeavesAbsentUsageAbsent) {
  EXPECT_FALSE(Parsed(R"({"time":"2026-11-01T00:00:00Z"})").call().has_usage());
  EXPECT_TRUE(Parsed(R"({"time":"2026-11-01T00:00:00Z","usage":{}})").call().has_usage());
}

TEST(Ndjson, CarriesNothingOverFromOneLineToTheNext) {
  NdjsonParser parser;
  pb::Event event;
  for (const char* line : {kCall, kCompletion, R"({"time":"2026-11-01T00:00:00Z"})", "{", kCall}) {
    pb::Event fresh;
    NdjsonParser fresh_parser;
    const auto expected = fresh_parser.Parse(line, fresh);
    ASSERT_EQ(parser.Parse(line, event), expected);
    if (!expected) {
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(event, fresh)) << line;
    }
  }
}

TEST(Ndjson, AcceptsWhiteSpaceAndEscapesAnywhereJsonDoes) {
  const pb::Event event = Parsed(
      " { \"st\\u0065p\" : \"a\\nb\\ud83d\\ude00\" ,\t\"time\":\"2026-11-01T00:00:00Z\" } \r");
  EXPECT_EQ(event.call().step(), "a\nb\U0001F600");
}

void ExpectSame(absl::string_view line, absl::string_view other) {
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(Parsed(line), Parsed(other)))
      << line;
}

TEST(Ndjson, TakesAFieldThatIsNullAsAbsent) {
  ExpectSame(R"({"event_id":null,"time":"2026-11-01T00:00:00Z","workflow":null,)"
             R"("workflow_id":"r","step":"a","provider":null,"model":"m","usage":null,)"
             R"("duration_ms":null,"status":null,"attributes":null,"outcome":null,)"
             R"("unused_steps":null})",
             R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"a","model":"m"})");
  ExpectSame(R"({"time":"2026-11-01T00:00:00Z","usage":{"input_tokens":7,)"
             R"("cache_read_tokens":null},"attributes":{"a":null,"b":"c"}})",
             R"({"time":"2026-11-01T00:00:00Z","usage":{"input_tokens":7},)"
             R"("attributes":{"b":"c"}})");
  ExpectSame(R"({"time":"2026-11-01T00:00:00Z","outcome":"failed","model":null,)"
             R"("unused_steps":null})",
             R"({"time":"2026-11-01T00:00:00Z","outcome":"failed"})");
  EXPECT_EQ(Refused(R"({"time":null})").code, pb::REFUSAL_CODE_MISSING_FIELD);
}

TEST(Ndjson, TakesUsageOfNothingButNullsAsUnknownAndNotAsZero) {
  ExpectSame(R"({"time":"2026-11-01T00:00:00Z","usage":{"input_tokens":null,)"
             R"("output_tokens":null}})",
             R"({"time":"2026-11-01T00:00:00Z"})");
}

struct BadLine {
  const char* line;
  pb::RefusalCode code;
  const char* message;
};

// Every line but the field under test is good.
std::string With(absl::string_view member) {
  return absl::StrCat(R"({"time":"2026-11-01T00:00:00Z",)", member, "}");
}

const BadLine kBadValues[] = {
    {R"("stepp":"a")", pb::REFUSAL_CODE_MALFORMED,
     "Unknown field \"stepp\": the fields are event_id, time, workflow, workflow_id, step, "
     "provider, model, usage, usage_reported, usage_unknown, reported_cost_usd, "
     "cache_accounting, duration_ms, status, revision, attributes, service_tier, region, outcome, "
     "unused_steps."},
    {R"("step":"a","step":"a")", pb::REFUSAL_CODE_MALFORMED,
     "\"step\" is given twice: give it once."},
    {R"("usage":{"input_tokens":1,"input_tokens":1})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" is given twice: give it once."},
    {R"("attributes":{"a":"1","\u0061":"2"})", pb::REFUSAL_CODE_MALFORMED,
     "\"attributes.a\" is given twice: give it once."},
    {R"("usage":{"input_tokens":8400.0})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" must be an integer without a fraction or exponent, such as 8400, "
     "but is 8400.0."},
    {R"("usage":{"input_tokens":1e3})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" must be an integer without a fraction or exponent, such as 8400, "
     "but is 1e3."},
    {R"("usage":{"input_tokens":"8400"})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" must be an integer without quotes, but is the string \"8400\"."},
    {R"("usage":{"input_tokens":true})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" must be an integer, but is a boolean."},
    {R"("usage":{"input_tokens":9223372036854775808})", pb::REFUSAL_CODE_TOKENS_OUT_OF_RANGE,
     "\"usage.input_tokens\" is 9223372036854775808: more than any call can use; check its "
     "unit."},
    {R"("usage":{"input_tokens":012})", pb::REFUSAL_CODE_MALFORMED,
     "\"usage.input_tokens\" is not a number that JSON has: 012."},
    {R"("usage":[1])", pb::REFUSAL_CODE_MALFORMED,
     "\"usage\" must be an object of token counts, but is an array."},
    {R"("step":null,"step":"a")", pb::REFUSAL_CODE_MALFORMED,
     "\"step\" is given twice: give it once."},
    {R"("time":null)", pb::REFUSAL_CODE_MALFORMED, "\"time\" is given twice: give it once."},
    {R"("step":nul)", pb::REFUSAL_CODE_MALFORMED,
     "The line is not valid JSON: write each event as one JSON object on a line of its own."},
    {R"("outcome":"failed","unused_steps":[null])", pb::REFUSAL_CODE_MALFORMED,
     "\"unused_steps\" is null: leave it out, or give a string."},
    {R"("duration_ms":"812.5")", pb::REFUSAL_CODE_MALFORMED,
     "\"duration_ms\" must be a number of milliseconds without quotes, but is the string "
     "\"812.5\"."},
    {R"("duration_ms":1e300)", pb::REFUSAL_CODE_DURATION_OUT_OF_RANGE,
     "\"duration_ms\" is 1e300: longer than any call; give milliseconds."},
    {R"("revision":-1)", pb::REFUSAL_CODE_MALFORMED,
     "\"revision\" is -1; it must be between 0 and 4,294,967,295."},
    {R"("revision":4294967296)", pb::REFUSAL_CODE_MALFORMED,
     "\"revision\" is 4294967296; it must be between 0 and 4,294,967,295."},
    {R"("status":"OK")", pb::REFUSAL_CODE_INVALID_ENUM,
     "\"status\" must be one of ok, error, cancelled, but is \"OK\"."},
    {R"("outcome":"won")", pb::REFUSAL_CODE_INVALID_ENUM,
     "\"outcome\" must be one of completed, failed, short_circuited, abandoned, but is "
     "\"won\"."},
    {R"("step":7)", pb::REFUSAL_CODE_MALFORMED, "\"step\" must be a string, but is a number."},
    {R"("attributes":{"n":1})", pb::REFUSAL_CODE_MALFORMED,
     "\"attributes.n\" must be a string, but is a number."},
    {R"("attributes":"a")", pb::REFUSAL_CODE_MALFORMED,
     "\"attributes\" must be an object of strings, but is a string."},
    {R"("unused_steps":["a"])", pb::REFUSAL_CODE_MALFORMED,
     "\"unused_steps\" belongs to completions: give an \"outcome\" as well, or leave it out."},
    {R"("outcome":"failed","unused_steps":"a")", pb::REFUSAL_CODE_MALFORMED,
     "\"unused_steps\" must be an array of step names, but is a string."},
    {R"("outcome":"failed","unused_steps":[1])", pb::REFUSAL_CODE_MALFORMED,
     "\"unused_steps\" must be a string, but is a number."},
    {R"("outcome":"failed","model":"m")", pb::REFUSAL_CODE_MALFORMED,
     "\"model\" belongs to calls, but a line with an \"outcome\" is a completion: leave one of "
     "them out."},
    {R"("step":"a\qb")", pb::REFUSAL_CODE_MALFORMED,
     "A string holds an escape that JSON does not have: write a backslash itself as \\\\."},
    {"\"step\":\"a\tb\"", pb::REFUSAL_CODE_MALFORMED,
     "A string holds a raw control character: write it as an escape such as \\n or \\u0009."},
    {"\"step\":\"a\xff\"", pb::REFUSAL_CODE_INVALID_UTF8,
     "The line is not UTF-8: convert the file, for instance with iconv."},
};

TEST(Ndjson, SaysWhatToMendInTheValueOfAField) {
  for (const BadLine& c : kBadValues) {
    EXPECT_EQ(Refused(With(c.line)), (LineRefusal{c.code, c.message})) << c.line;
  }
}

TEST(Ndjson, NamesTheUsageClassesIfThereIsNoSuchOne) {
  const std::string classes = absl::StrJoin(
      kUsageClasses, ", ",
      [](std::string* out, const UsageClassInfo& info) { absl::StrAppend(out, info.count); });
  EXPECT_EQ(Refused(With(R"("usage":{"prompt_tokens":1})")),
            (LineRefusal{pb::REFUSAL_CODE_MALFORMED,
                         absl::StrCat("Unknown field \"usage.prompt_tokens\": the fields of usage "
                                      "are ",
                                      classes, ".")}));
}

TEST(Ndjson, SaysWhatToMendInTheTime) {
  constexpr char kWanted[] =
      "\"time\" must be an RFC 3339 time such as \"2026-11-01T00:00:00.123Z\", but is ";
  EXPECT_EQ(Refused(R"({"step":"a"})"),
            (LineRefusal{pb::REFUSAL_CODE_MISSING_FIELD,
                         "\"time\" is missing: give an RFC 3339 time such as "
                         "\"2026-11-01T00:00:00.123Z\"."}));
  EXPECT_EQ(Refused(R"({"time":"yesterday"})").message, absl::StrCat(kWanted, "\"yesterday\"."));
  EXPECT_EQ(Refused(R"({"time":"2026-11-01"})").message, absl::StrCat(kWanted, "\"2026-11-01\"."));
  EXPECT_EQ(Refused(R"({"time":1793491200})").message, absl::StrCat(kWanted, "a number."));
  EXPECT_EQ(Refused(R"({"time":"1812-01-01T00:00:00Z"})"),
            (LineRefusal{pb::REFUSAL_CODE_TIME_OUT_OF_RANGE,
                         "\"time\" is 1812-01-01T00:00:00Z: only times from 1970 until 2200 can "
                         "be stored."}));
}

TEST(Ndjson, SaysWhatToMendInTheShapeOfALine) {
  EXPECT_THAT(Refused("[1]").message, HasSubstr("jq -c '.[]'"));
  EXPECT_THAT(Refused("{").message, HasSubstr("does not end on this line"));
  EXPECT_THAT(Refused(R"({"step":"a)").message, HasSubstr("does not end on this line"));
  EXPECT_THAT(Refused("12").message, HasSubstr("not a JSON object"));
  EXPECT_THAT(Refused("step=a").message, HasSubstr("not a JSON object"));
  EXPECT_THAT(Refused(R"({"time":"2026-11-01T00:00:00Z"} {})").message,
              HasSubstr("on a line of its own"));
  EXPECT_THAT(Refused(R"({"time" "2026-11-01T00:00:00Z"})").message, HasSubstr("not valid JSON"));
  EXPECT_THAT(Refused(R"({"time":"2026-11-01T00:00:00Z",})").message, HasSubstr("JSON"));
  EXPECT_THAT(Refused(std::string(3000, '{')).message, HasSubstr("does not end on this line"));
  EXPECT_THAT(Refused(std::string(3000, '{') + std::string(3000, '}')).message, HasSubstr("JSON"));
  EXPECT_EQ(Refused(std::string(kLineBytesMax + 1, '{')).message, kLineTooLong);
}

TEST(Ndjson, RefusesEveryTruncationOfAGoodLine) {
  for (const absl::string_view line : {kCall, kCompletion}) {
    for (size_t size = 0; size < line.size(); ++size) {
      EXPECT_FALSE(Refused(line.substr(0, size)).message.empty()) << size;
    }
  }
}

TEST(Ndjson, SurvivesRandomDamage) {
  std::mt19937 random(20261101);  // Every run damages the same.
  const std::string pieces[] = {"{", "}",    "[",         "]",     ",",
                                ":", "\"",   "\\",        "null",  "1e9",
                                "-", "\xff", "\"usage\"", "\\u00", std::string(1, '\0')};
  NdjsonParser parser;
  pb::Event event;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string line = i % 2 == 0 ? kCall : kCompletion;
    for (auto damage = random() % 3 + 1; damage > 0; --damage) {
      const size_t at = random() % line.size();
      const std::string& piece = pieces[random() % std::size(pieces)];
      line.replace(at, random() % 4, piece);
    }
    const std::optional<LineRefusal> refusal = parser.Parse(line, event);
    refused += refusal.has_value() ? 1 : 0;
    if (refusal.has_value()) {
      EXPECT_FALSE(refusal->message.empty());
    } else {
      EXPECT_NE(event.event_case(), pb::Event::EVENT_NOT_SET);
      EXPECT_FALSE(event.SerializeAsString().empty());
    }
  }
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace itemized::text
