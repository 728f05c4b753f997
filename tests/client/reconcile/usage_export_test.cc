// SPDX-License-Identifier: Apache-2.0
#include "client/reconcile/usage_export.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeRange kAlways = {.start_us = kTimeMinUs, .end_us = kTimeMaxUs};

absl::StatusOr<UsageExport> ReadAll(const std::vector<std::string>& files,
                                    ExportFormat format = ExportFormat::kAuto,
                                    TimeRange wanted = kAlways) {
  ExportReader reader(format, wanted);
  for (size_t i = 0; i < files.size(); ++i) {
    if (const absl::Status status = reader.Read(absl::StrCat("file-", i), files[i]); !status.ok()) {
      return status;
    }
  }
  return reader.Finish();
}

// The rows as "2026-11-01 m calls=1 tokens=2 cost=0.3".
std::vector<std::string> Lines(const absl::StatusOr<UsageExport>& read) {
  EXPECT_TRUE(read.ok()) << read.status();
  std::vector<std::string> lines;
  if (!read.ok()) {
    return lines;
  }
  for (const auto& [key, figures] : read->rows) {
    std::string line =
        absl::StrCat(FormatTime(DayStartUs(key.first)).substr(0, 10), " ", key.second);
    absl::StrAppend(&line, figures.calls ? absl::StrCat(" calls=", *figures.calls) : "",
                    figures.tokens ? absl::StrCat(" tokens=", *figures.tokens) : "",
                    figures.cost ? absl::StrCat(" cost=", FormatUsd(*figures.cost)) : "");
    lines.push_back(line);
  }
  return lines;
}

std::string ErrorOf(const std::string& content, ExportFormat format = ExportFormat::kAuto) {
  const absl::StatusOr<UsageExport> read = ReadAll({content}, format);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << content;
  const std::string message(read.status().message());
  EXPECT_TRUE(message.ends_with('.')) << message;
  EXPECT_FALSE(absl::ascii_islower(static_cast<unsigned char>(message[0]))) << message;
  return message;
}

std::string Page(const std::string& results, const std::string& more = "false") {
  return absl::StrCat(R"({"data": [{"starting_at": "2026-11-01T00:00:00Z",
                          "ending_at": "2026-11-02T00:00:00Z", "results": [)",
                      results, "]}], \"has_more\": ", more, "}");
}

std::string Usage(const std::string& model, int tokens, const std::string& more = "") {
  return absl::StrCat(R"({"uncached_input_tokens": )", tokens,
                      R"(, "cache_read_input_tokens": 0, "output_tokens": 0, "model": ")", model,
                      "\"", more, "}");
}

TEST(UsageExport, EveryKindOfTokensOfAnthropicCounts) {
  EXPECT_THAT(Lines(ReadAll({Page(R"({"uncached_input_tokens": 1, "cache_read_input_tokens": 20,
      "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 4000},
      "output_tokens": 50000, "server_tool_use": {"web_search_requests": 9}, "model": "m",
      "something_new": {"a": 1}})")})),
              ElementsAre("2026-11-01 m tokens=54321"));
}

TEST(UsageExport, AmountsOfAnthropicAreCents) {
  const auto cost = [](const std::string& amount) {
    return Lines(ReadAll({Page(absl::StrCat(R"({"currency": "USD", "amount": ")", amount,
                                            R"(", "cost_type": "tokens", "model": "m"})"))}));
  };
  EXPECT_THAT(cost("123.78912"), ElementsAre("2026-11-01 m cost=1.2378912"));
  EXPECT_THAT(cost("0.0000000001"), ElementsAre("2026-11-01 m cost=0.000000000001"));
  EXPECT_THAT(cost("1234567890.00"), ElementsAre("2026-11-01 m cost=12345678.9"));
  EXPECT_THAT(Lines(ReadAll({Page(R"({"currency": "USD", "amount": "100", "model": null,
                                      "cost_type": "web_search"})")})),
              ElementsAre("2026-11-01 (web_search) cost=1"));
}

TEST(UsageExport, BucketsOfMinutesAndHoursAddUpToDays) {
  const auto bucket = [](const std::string& start, const std::string& end, int tokens) {
    return absl::StrCat(R"({"starting_at": ")", start, R"(", "ending_at": ")", end,
                        R"(", "results": [)", Usage("m", tokens), "]}");
  };
  const absl::StatusOr<UsageExport> read = ReadAll(
      {absl::StrCat("[", bucket("2026-11-01T23:00:00Z", "2026-11-02T00:00:00Z", 1), ",",
                    bucket("2026-11-02T00:00:00Z", "2026-11-02T00:01:00Z", 20), ",",
                    bucket("2026-11-02T02:00:00+02:00", "2026-11-02T02:02:00+02:00", 300), "]")});
  EXPECT_THAT(Lines(read), ElementsAre("2026-11-01 m tokens=1", "2026-11-02 m tokens=320"));
  EXPECT_EQ(FormatTime(read->covers.start_us), "2026-11-01T23:00:00Z");
  EXPECT_EQ(FormatTime(read->covers.end_us), "2026-11-02T00:02:00Z");
  EXPECT_THAT(ErrorOf(bucket("2026-11-01T23:30:00Z", "2026-11-02T00:30:00Z", 1)),
              HasSubstr("not within a day of UTC"));
  EXPECT_THAT(ErrorOf(bucket("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", 1)),
              HasSubstr("not within a day of UTC"));
}

TEST(UsageExport, LineItemsOfOpenAiAreAModelAndAKind) {
  const auto item = [](const std::string& text, const std::string& value) {
    return absl::StrCat(R"({"amount": {"value": )", value, R"(, "currency": "usd"},
                            "line_item": ")",
                        text, "\"}");
  };
  EXPECT_THAT(
      Lines(ReadAll({absl::StrCat(
          R"({"data": [{"start_time": 1793491200, "end_time": 1793577600, "results": [)",
          item("gpt-4o-2024-08-06, input", "0.06000000000000001"), ",",
          item("gpt-4o-2024-08-06, cached input", "1.5e-05"), ",", item("Web search", "1"),
          "]}]}")})),
      ElementsAre("2026-11-01 Web search cost=1", "2026-11-01 gpt-4o-2024-08-06 cost=0.060015"));
}

TEST(UsageExport, RowsOfLiteLlmCountOnceByTheirRequest) {
  const auto row = [](const std::string& id, const std::string& end) {
    return absl::StrCat(R"({"request_id": ")", id, R"(", "spend": 1.5e-05, "prompt_tokens": 10,
        "completion_tokens": 5, "total_tokens": 15, "startTime": "2026-11-01T00:00:00Z",
        "endTime": ")",
                        end, R"(", "model": "m"})");
  };
  std::string lines;
  for (const char* const end : {"2026-11-01 23:59:59.999999", "2026-11-02T00:00:00Z",
                                "2026-11-02 02:00:00+00:00", "2026-11-02T05:00:00.5"}) {
    std::string line = row(end, end);
    line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
    lines += line + "\n\n";
  }
  const absl::StatusOr<UsageExport> read = ReadAll({lines, lines});
  EXPECT_THAT(Lines(read), ElementsAre("2026-11-01 m calls=1 tokens=15 cost=0.000015",
                                       "2026-11-02 m calls=3 tokens=45 cost=0.000045"));
  EXPECT_EQ(read->repeated_rows, 4);
  EXPECT_EQ(FormatTime(read->covers.end_us), "2026-11-03T00:00:00Z");
}

TEST(UsageExport, ARowThatIsThereAgainCountsOnceAndWithOtherFiguresIsAnError) {
  const absl::StatusOr<UsageExport> read = ReadAll(
      {Page(Usage("m", 7) + "," + Usage("m", 7, ", \"api_key_id\": \"k\"")), Page(Usage("m", 7))});
  EXPECT_THAT(Lines(read), ElementsAre("2026-11-01 m tokens=14"));
  EXPECT_EQ(read->repeated_rows, 1);
  EXPECT_THAT(ErrorOf(Page(Usage("m", 7) + "," + Usage("m", 8))),
              HasSubstr("Result 2 of Bucket 1 of \"file-0\" gives other figures"));
}

TEST(UsageExport, KnowsWhetherItsLastPageIsThere) {
  const std::string row = Usage("m", 7);
  EXPECT_FALSE(ReadAll({Page(row)})->is_unfinished);
  EXPECT_TRUE(ReadAll({Page(row, "true")})->is_unfinished);
  EXPECT_FALSE(ReadAll({Page(row, "true"), Page(row)})->is_unfinished);
}

TEST(UsageExport, WhatIsMissingIsNamedWithItsPlace) {
  EXPECT_THAT(ErrorOf(Page(R"({"uncached_input_tokens": 1, "model": "m", "output_tokens": 1})")),
              HasSubstr("Result 1 of Bucket 1 of \"file-0\" has no \"cache_read_input_tokens\""));
  EXPECT_THAT(ErrorOf(Page(R"({"uncached_input_tokens": 1, "model": null})")),
              HasSubstr("has no \"model\"; export it again with group_by[]=model."));
  EXPECT_THAT(ErrorOf(Page(R"({"amount": "1", "currency": "EUR", "model": "m"})")),
              HasSubstr("has \"EUR\" as \"currency\"; it must be USD"));
  EXPECT_THAT(ErrorOf(Page(R"({"amount": "much", "model": "m"})")),
              HasSubstr("an amount of money"));
  EXPECT_THAT(ErrorOf(Page(R"({"amount": {"value": 1, "currency": "usd"}, "line_item": null})")),
              HasSubstr("group_by=line_item"));
  EXPECT_THAT(ErrorOf(Page(Usage("m", -1))), HasSubstr("a count from 0 up"));
  EXPECT_THAT(ErrorOf(R"({"data": [{"starting_at": "2026-11-01", "results": []}]})"),
              HasSubstr("Bucket 1 of \"file-0\" has no \"ending_at\""));
  EXPECT_THAT(
      ErrorOf(R"([{"spend": 1, "startTime": "x", "model": "m", "total_tokens": 1}])"),
      HasSubstr("Element 1 of \"file-0\" has \"x\" as \"startTime\"; it must be an instant"));
  EXPECT_THAT(ErrorOf("{\"a\": 1}\n{\"a\": 1}\n"), HasSubstr("Line 1 of \"file-0\" is of no form"));
  const std::string line = R"({"request_id": "r", "spend": 1, "startTime": 1, "total_tokens": 1,)"
                           R"( "model": "m"})";
  EXPECT_THAT(ErrorOf(line + "\n\nno\n"), HasSubstr("Line 3 of \"file-0\""));
  EXPECT_THAT(ErrorOf(line + "\n{\"model\": \"m\"}\n"),
              HasSubstr("Line 2 of \"file-0\" has no \"spend\""));
  EXPECT_THAT(ErrorOf(Page(Usage("m", 1) + R"(, {"amount": "1", "model": "m"})")),
              HasSubstr("is anthropic-cost and not anthropic-usage; give files of one form."));
  EXPECT_THAT(ErrorOf(Page(R"({"amount": "1e30", "model": "m"})")), HasSubstr("amount of money"));
  EXPECT_THAT(ErrorOf(Page(absl::StrCat(R"({"uncached_input_tokens": 9007199254740992, "model": "m",
                                            "cache_read_input_tokens": 1, "output_tokens": 0})"))),
              HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf(Page("")), HasSubstr("name it with --format"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("no row in this time"));
  EXPECT_THAT(ErrorOf("{"), HasSubstr("\"file-0\" is not valid JSON"));
  EXPECT_THAT(ErrorOf(Usage("m", 1)), HasSubstr("neither a page"));
  EXPECT_THAT(ErrorOf(Page("5")), HasSubstr("no form of export known"));
}

TEST(UsageExport, SumsStayInRange) {
  std::string rows;
  for (int i = 0; i < 7; ++i) {
    absl::StrAppend(&rows, i == 0 ? "" : ",", R"({"amount": "-1.6e13", "model": "m-)", i, "\"}");
  }
  EXPECT_THAT(ErrorOf(Page(rows)), HasSubstr("Result 7 of Bucket 1 of \"file-0\" takes the sum"));
}

TEST(UsageExport, FormsHaveTheNamesOfTheCommandLine) {
  for (const char* const name : {"auto", "anthropic-usage", "anthropic-cost", "openai-usage",
                                 "openai-costs", "litellm-spend"}) {
    EXPECT_EQ(ExportFormatName(*ParseExportFormat(name)), name);
  }
  EXPECT_THAT(std::string(ParseExportFormat("csv").status().message()), HasSubstr("litellm-spend"));
  EXPECT_EQ(ProviderOf(ExportFormat::kAnthropicCost), "anthropic");
  EXPECT_EQ(ProviderOf(ExportFormat::kOpenAiUsage), "openai");
  EXPECT_EQ(ProviderOf(ExportFormat::kLiteLlmSpend), "");
}

}  // namespace
}  // namespace itemized::client
