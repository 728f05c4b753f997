// SPDX-License-Identifier: Apache-2.0
#include "client/cli/table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/cli/text.h"

namespace itemized::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Table Sample() {
  Table table({{.header = "STEP", .shrink_to = 8},
               {.header = "SPEND", .align = Align::kRight},
               {.header = "CALLS", .align = Align::kRight, .drop_order = 1},
               {.header = "MODEL", .drop_order = 2, .shrink_to = 8},
               {.header = "NOTE", .drop_order = 3}});
  table.AddRow({"doc_synthesis_of_everything_that_was_found",
                {"$1,234.56", Style::kBold},
                "1,000,000",
                "claude-sonnet-4-6-20260101",
                "the dearest of all steps by far"});
  table.AddRow({"plan", "$0.0345", "12", "gpt-5", ""});
  table.AddRule();
  table.AddRow({"total", "$1,234.59", "1,000,012", "", ""});
  return table;
}

size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    widest = std::max(widest, DisplayWidth(line));
  }
  return widest;
}

TEST(Table, ShowsEverythingWhereThereIsRoom) {
  EXPECT_EQ(Sample().Render({.width = 160}),
            "STEP                                            SPEND      CALLS  MODEL               "
            "        NOTE\n"
            "doc_synthesis_of_everything_that_was_found  $1,234.56  1,000,000  "
            "claude-sonnet-4-6-20260101  the dearest of all steps by far\n"
            "plan                                          $0.0345         12  gpt-5\n"
            "──────────────────────────────────────────────────────────────────────────────────────"
            "───────────────────────────────────────\n"
            "total                                       $1,234.59  1,000,012\n");
}

TEST(Table, DropsTheLeastImportantColumnFirst) {
  const std::string text = Sample().Render({.width = 100});
  EXPECT_THAT(text, Not(HasSubstr("NOTE")));
  EXPECT_THAT(text, HasSubstr("claude-sonnet-4-6-20260101"));
  EXPECT_LE(WidestLine(text), 100u);
}

TEST(Table, DropsColumnsBeforeItShortensNamesMuch) {
  EXPECT_EQ(Sample().Render({.width = 80}),
            "STEP                                            SPEND      CALLS\n"
            "doc_synthesis_of_everything_that_was_found  $1,234.56  1,000,000\n"
            "plan                                          $0.0345         12\n"
            "────────────────────────────────────────────────────────────────\n"
            "total                                       $1,234.59  1,000,012\n");
}

TEST(Table, ShortensNamesInTheirMiddle) {
  EXPECT_EQ(Sample().Render({.width = 40}),
            "STEP                               SPEND\n"
            "doc_synthesis_…that_was_found  $1,234.56\n"
            "plan                             $0.0345\n"
            "────────────────────────────────────────\n"
            "total                          $1,234.59\n");
}

TEST(Table, FitsEveryWidthThatItsFixedColumnsLeave) {
  for (size_t width = 20; width <= 160; ++width) {
    EXPECT_LE(WidestLine(Sample().Render({.width = width})), width) << width;
  }
}

TEST(Table, LeavesOutColumnsWithoutText) {
  Table table({{.header = "STEP"}, {.header = "UNPRICED"}});
  table.AddRow({"plan", ""});
  EXPECT_EQ(table.Render({.width = 80}), "STEP\nplan\n");
}

TEST(Table, AlignsWideCharacters) {
  Table table({{.header = "STEP"}, {.header = "N", .align = Align::kRight}});
  table.AddRow({"\u65e5\u672c\u8a9e", "1"});
  table.AddRow({"planning", "22"});
  EXPECT_EQ(table.Render({.width = 80}),
            "STEP       N\n"
            "\u65e5\u672c\u8a9e     1\n"
            "planning  22\n");
}

TEST(Table, LetsNoNameSteerTheTerminal) {
  Table table({{.header = "STEP"}});
  table.AddRow({"\x1b[2J\r\nroot# \u202e"});
  const std::string text = table.Render({.width = 80, .color = false});
  EXPECT_EQ(text, "STEP\n\\x1b[2J\\x0d\\x0aroot# \\u202e\n");
}

TEST(Table, IsColouredOnlyOnDemand) {
  Table table({{.header = "STEP"}});
  table.AddRow({{"plan", Style::kRed}});
  EXPECT_EQ(table.Render({.width = 80, .color = true}),
            "\x1b[2mSTEP\x1b[0m\n\x1b[31mplan\x1b[0m\n");
  EXPECT_THAT(table.Render({.width = 80, .color = false}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace itemized::cli
