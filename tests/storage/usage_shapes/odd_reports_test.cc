// SPDX-License-Identifier: Apache-2.0
// Reports as no provider makes them.

#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/usage_shapes/reported_usage.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;

std::string Repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

// Nests `levels` arrays in one another.
std::string Nested(int levels) {
  return Repeated("[", levels) + Repeated("]", levels);
}

// Returns the sentence of an error; "" if `json` is read.
std::string ErrorOf(const std::string& json) {
  const absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json);
  EXPECT_TRUE(read.ok() || absl::IsInvalidArgument(read.status())) << read.status();
  return std::string(read.status().message());
}

ReportedUsage Read(const std::string& json) {
  absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json);
  EXPECT_TRUE(read.ok()) << read.status() << " " << json.substr(0, 200);
  return read.ok() ? *std::move(read) : ReportedUsage{};
}

std::string FirstTrouble(const ReportedUsage& read) {
  return read.troubles.empty() ? "" : read.troubles.front().sentence;
}

std::string ChatUsage(const std::string& prompt_tokens) {
  return absl::StrCat(R"({"prompt_tokens":)", prompt_tokens, R"(,"completion_tokens":5})");
}

TEST(OddReports, WhatIsNoJsonIsAnError) {
  for (const char* json : {"", "{", "{\"a\":}", "{} {}", "{\"a\":NaN}", "{\"a\":1}\n]", "\xff{}"}) {
    EXPECT_THAT(ErrorOf(json), HasSubstr("not valid JSON")) << json;
  }
}

TEST(OddReports, WhatIsNeitherAnObjectNorAnArrayIsAnError) {
  for (const char* json : {"5", "\"{}\"", "null", "true"}) {
    EXPECT_THAT(ErrorOf(json), HasSubstr("neither an object nor an array")) << json;
  }
}

TEST(OddReports, NumbersThatNoComputerHoldsAreAnError) {
  for (const char* number : {"1e400", "-1e999", "340282366920938463463374607431768211456"}) {
    EXPECT_THAT(ErrorOf(ChatUsage(number)), HasSubstr("a number")) << number;
  }
}

TEST(OddReports, DepthIsLimited) {
  EXPECT_EQ(ErrorOf(Nested(static_cast<int>(kReportDepthMax))), "");
  EXPECT_THAT(ErrorOf(Nested(static_cast<int>(kReportDepthMax) + 1)), HasSubstr("64 deep"));
  EXPECT_THAT(ErrorOf(Nested(100'000)), HasSubstr("64 deep"));
}

TEST(OddReports, SizeIsLimited) {
  const std::string usage = ChatUsage("10");
  const std::string padded = usage + std::string(kReportBytesMax - usage.size(), ' ');
  EXPECT_EQ(Read(padded).usage->counts[0], 10);
  EXPECT_THAT(ErrorOf(padded + " "), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(ErrorOf(std::string(size_t{2} << 20, ' ')), HasSubstr("larger than 1 MiB"));
}

TEST(OddReports, CountsAreWholeNumbersUpToTheLimit) {
  EXPECT_EQ(Read(ChatUsage("1099511627776")).usage->counts[0], int64_t{1} << 40);
  EXPECT_EQ(Read(ChatUsage("12.0")).usage->counts[0], 12);
  EXPECT_EQ(Read(ChatUsage("1.2e1")).usage->counts[0], 12);
  EXPECT_EQ(Read(ChatUsage("-0.0")).usage->counts[0], 0);
  for (const char* number : {"1099511627777", "18446744073709551615", "1e300", "-1", "0.5",
                             "\"12\"", "true", "[]", "{}", "[12]"}) {
    const ReportedUsage read = Read(ChatUsage(number));
    EXPECT_FALSE(read.usage.has_value()) << number;
    EXPECT_TRUE(read.is_misreported) << number;
    EXPECT_THAT(FirstTrouble(read), HasSubstr("which is no count")) << number;
  }
}

TEST(OddReports, ALongTextWhereACountBelongsIsCutInTheSentence) {
  const ReportedUsage read = Read(ChatUsage("\"" + std::string(10'000, 'x') + "\""));
  EXPECT_LT(FirstTrouble(read).size(), 300U);
}

TEST(OddReports, NothingReportedIsNoTrouble) {
  const ReportedUsage read = Read("[]");
  EXPECT_FALSE(read.usage.has_value() || read.is_unknown || read.is_misreported);
  EXPECT_TRUE(read.troubles.empty());
}

TEST(OddReports, ThingsThatAreNoResponsesAreTold) {
  EXPECT_THAT(FirstTrouble(Read("{}")), HasSubstr("no keys"));
  EXPECT_THAT(FirstTrouble(Read("[1]")), HasSubstr("is no object"));
  EXPECT_THAT(FirstTrouble(Read("[[[]]]")), HasSubstr("a list in a list"));
  EXPECT_TRUE(Read("[null]").is_unknown);
}

TEST(OddReports, AListOfChunksInAListIsAsGoodAsTheChunks) {
  const std::string usage = ChatUsage("10");
  EXPECT_EQ(Read(absl::StrCat("[[", usage, "]]")).usage->counts[0], 10);
}

TEST(OddReports, OneUnknownResponseMakesAllOfTheCallUnknown) {
  const ReportedUsage read =
      Read(R"([{"id":"a","usage":)" + ChatUsage("10") + R"(},{"id":"b","usage":{"tokens":5}}])");
  EXPECT_FALSE(read.usage.has_value());
  EXPECT_TRUE(read.is_unknown);
}

TEST(OddReports, AtMostADozenKeysAreShown) {
  std::string keys;
  for (char c = 'a'; c <= 'z'; ++c) {
    absl::StrAppend(&keys, keys.empty() ? "" : ",", "\"", std::string(1, c), "\":1");
  }
  EXPECT_THAT(FirstTrouble(Read("{" + keys + "}")), HasSubstr("k, l."));
}

TEST(OddReports, ResponsesOfOneCallAddUpToACountAtMost) {
  const std::string half = ChatUsage("600000000000");
  const std::string two =
      absl::StrCat(R"([{"id":"a","usage":)", half, R"(},{"id":"b","usage":)", half, "}]");
  const ReportedUsage read = Read(two);
  EXPECT_FALSE(read.usage.has_value());
  EXPECT_THAT(FirstTrouble(read), HasSubstr("more than 2^40"));
}

TEST(OddReports, AnIntegerIsAnIdAndAFractionIsNone) {
  const auto model = [](const std::string& json) {
    return Read(absl::StrCat(R"({"usage":{"prompt_tokens":1},"model":)", json, "}")).model;
  };
  EXPECT_EQ(model("12"), "12");
  EXPECT_EQ(model("12.0"), "");
  EXPECT_EQ(model("true"), "");
}

TEST(OddReports, UsageOfTooManyPartsIsTold) {
  std::string fields = R"("prompt_tokens":1)";
  for (int i = 0; i < 2'000; ++i) {
    absl::StrAppend(&fields, ",\"f", i, "\":1");
  }
  EXPECT_THAT(FirstTrouble(Read(absl::StrCat(R"({"usage":{)", fields, "}}"))),
              HasSubstr("too many parts"));
}

TEST(OddReports, PiecesThatAddUpToTooManyPartsAreTold) {
  std::string list = R"([{"usage":{"prompt_tokens":7}})";
  for (int i = 0; i < 2'000; ++i) {
    absl::StrAppend(&list, R"(,{"usage":{"f)", i, R"(":1}})");
  }
  const ReportedUsage read = Read(list + "]");
  EXPECT_THAT(FirstTrouble(read), HasSubstr("too many parts"));
  EXPECT_TRUE(read.is_unknown);
}

TEST(OddReports, ResponsesOfOneCallAreLimited) {
  std::string list;
  for (size_t i = 0; i < kReportMessagesMax; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ",", R"({"id":"m)", i,
                    R"(","usage":{"prompt_tokens":1}})");
  }
  EXPECT_EQ(Read("[" + list + "]").usage->counts[0], int64_t{kReportMessagesMax});
  EXPECT_THAT(ErrorOf("[" + list + R"(,{"id":"more","usage":{"prompt_tokens":1}}])"),
              HasSubstr("more than 1000 responses"));
}

TEST(OddReports, LongNamesTakeNoMoreMemoryThanTheyHave) {
  const std::string name(100'000, 'n');
  const ReportedUsage read =
      Read(absl::StrCat(R"({"usage":{"prompt_tokens":1,")", name, R"(":{"a":1}}})"));
  EXPECT_THAT(FirstTrouble(read), HasSubstr("too long"));
}

std::optional<Picos> CostOf(const std::string& cost) {
  return Read(absl::StrCat(R"({"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":)", cost,
                           "}}"))
      .reported_cost;
}

TEST(OddReports, CostsAreExactToThePicodollar) {
  EXPECT_EQ(CostOf("0.1"), Picos{100'000'000'000});
  EXPECT_EQ(CostOf("\"0.1\""), Picos{100'000'000'000});
  EXPECT_EQ(CostOf("3e-12"), Picos{3});
  EXPECT_EQ(CostOf("0.00014850000000000001"), Picos{148'500'000});
  EXPECT_EQ(CostOf("1.2345678901234567e-18"), Picos{0});
  EXPECT_EQ(CostOf("7"), Picos{7} * kPicosPerUsd);
}

TEST(OddReports, WhatIsNoCostIsNotTold) {
  for (const char* cost : {"-1", "\"much\"", "true", "null", "1e22", "[]"}) {
    EXPECT_EQ(CostOf(cost), std::nullopt) << cost;
  }
}

}  // namespace
}  // namespace itemized
