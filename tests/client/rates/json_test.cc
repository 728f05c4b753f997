// SPDX-License-Identifier: Apache-2.0
#include "client/rates/json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<JsonValue> value = ParseJson(text);
  EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(value.status().message());
}

TEST(ParseJson, NumbersKeepTheTextTheyWereWrittenAs) {
  const auto value = ParseJson("[ 3.00 , 3e-06,\t-0.1E+2\n, 123456789012345678, 0.1 ]");
  ASSERT_TRUE(value.ok()) << value.status();
  ASSERT_EQ(value->items.size(), 5u);
  EXPECT_EQ(value->items[0].text, "3.00");
  EXPECT_EQ(value->items[1].text, "3e-06");
  EXPECT_EQ(value->items[2].text, "-0.1E+2");
  EXPECT_EQ(value->items[3].text, "123456789012345678");
  EXPECT_EQ(value->items[4].text, "0.1");
}

TEST(ParseJson, EveryKindIsKept) {
  const auto value =
      ParseJson(R"({"a\u00e9": "x\n\"", "b": true, "c": false, "d": null, "e": [{}], "a": 1})");
  ASSERT_TRUE(value.ok()) << value.status();
  ASSERT_EQ(value->members.size(), 6u);
  EXPECT_EQ(value->members[0].name, "a\u00e9");
  EXPECT_EQ(value->members[0].value.text, "x\n\"");
  EXPECT_TRUE(value->Find("b")->truth);
  EXPECT_FALSE(value->Find("c")->truth);
  EXPECT_EQ(value->Find("d")->kind, JsonValue::Kind::kNull);
  EXPECT_TRUE(value->Find("e")->items[0].is_object());
  EXPECT_EQ(value->Find("f"), nullptr);
}

TEST(ParseJson, OfRepeatedMembersTheLastIsFound) {
  EXPECT_EQ(ParseJson(R"({"a": 1, "a": 2})")->Find("a")->text, "2");
}

TEST(ParseJson, FaultsAreErrorsThatNameTheLine) {
  EXPECT_THAT(ErrorOf("{\n\"a\": 1,\n\"b\": 1.2.3\n}"),
              AllOf(HasSubstr("not valid JSON"), HasSubstr("line 3")));
  for (const char* text :
       {"",         " ",          "{",       "[",     "{]",         "[1,]",     "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "[1 2]",   "[tru]", "[nul]",      "[nulls]",  "[truely]",
        "[01]",     "[+1]",       "[.5]",    "[1.]",  "[1e]",       "[--1]",    "[\"\\x\"]",
        "[\"a]",    "{\"a\":1}}", "[1] [2]", "{1:2}", "[\"\xff\"]", "[\"\n\"]", "[1e400]"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("not valid JSON")) << text;
  }
}

TEST(ParseJson, NestingIsBounded) {
  EXPECT_TRUE(ParseJson(std::string(60, '[') + std::string(60, ']')).ok());
  ErrorOf(std::string(100, '[') + std::string(100, ']'));
  ErrorOf(std::string(100'000, '['));
  ErrorOf(std::string(100'000, '[') + std::string(100'000, ']'));
}

TEST(ParseJson, SizeIsBounded) {
  std::string text = "[0";
  for (size_t i = 2; i < kJsonValuesMax; ++i) {
    text += ",0";
  }
  EXPECT_TRUE(ParseJson(text + "]").ok());
  EXPECT_THAT(ErrorOf(text + ",0]"), HasSubstr("too many values; give at most 2000000"));
}

TEST(ParseJson, SignsInStringsAreNoNesting) {
  const std::string signs = std::string(100, '[') + "\\\"" + std::string(100, '{');
  EXPECT_TRUE(ParseJson("[\"" + signs + "\"]").ok());
}

TEST(ParseJson, OtherEncodingsAreToldAndAByteOrderMarkIsNoFault) {
  EXPECT_TRUE(ParseJson("\xef\xbb\xbf[1]").ok());
  EXPECT_THAT(ErrorOf(absl::string_view("\xff\xfe[\0]\0", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf(absl::string_view("[1,\n\0]", 6)), HasSubstr("line 2: there is a zero byte"));
}

TEST(ParseJson, TheFirstRepeatedNameIsFound) {
  EXPECT_EQ(RepeatedName(*ParseJson(R"({"a": 1, "b": 2, "b": 3, "a": 4})")), "b");
  EXPECT_EQ(RepeatedName(*ParseJson(R"({"a": {"b": 2}, "b": 3})")), "");
}

}  // namespace
}  // namespace itemized::client
