// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text.h"

#include <string>

#include "gtest/gtest.h"

namespace itemized::cli {
namespace {

TEST(Printable, KeepsOrdinaryTextAsItIs) {
  EXPECT_EQ(Printable("doc_synthesis [red] <b> caf\u00e9 \u65e5\u672c \U0001F600"),
            "doc_synthesis [red] <b> caf\u00e9 \u65e5\u672c \U0001F600");
}

TEST(Printable, WritesOutWhatCouldSteerTheTerminal) {
  EXPECT_EQ(Printable("\x1b[31mred\x1b]0;title\x07"), "\\x1b[31mred\\x1b]0;title\\x07");
  EXPECT_EQ(Printable("a\r\nb\tc\x7f"), "a\\x0d\\x0ab\\x09c\\x7f");
  EXPECT_EQ(Printable("\u009b2J"), "\\u009b2J");
  EXPECT_EQ(Printable("abc\u202ecba\u200b\ufeff\u2066"), "abc\\u202ecba\\u200b\\ufeff\\u2066");
  EXPECT_EQ(Printable("\U000E0041"), "\\U000e0041");
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Printable, WritesOutBytesThatAreNotUtf8) {
  EXPECT_EQ(Printable("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");           // Overlong.
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // A surrogate.
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("caf\u00e9"), 4u);
  EXPECT_EQ(DisplayWidth("cafe\u0301"), 4u);
  EXPECT_EQ(DisplayWidth("\u65e5\u672c"), 4u);
  EXPECT_EQ(DisplayWidth("\U0001F600"), 2u);
  EXPECT_EQ(DisplayWidth("█▌"), 2u);
}

TEST(ShortenMiddle, CutsOnlyWhatDoesNotFit) {
  EXPECT_EQ(ShortenMiddle("planning", 8), "planning");
  EXPECT_EQ(ShortenMiddle("planning", 7), "pla…ing");
  EXPECT_EQ(ShortenMiddle("planning", 6), "pla…ng");
  EXPECT_EQ(ShortenMiddle("planning", 1), "…");
  EXPECT_EQ(ShortenMiddle("planning", 0), "");
}

TEST(ShortenMiddle, NeverIsWiderThanAskedFor) {
  const std::string text = "a\u65e5b\u672ce\u0301\U0001F600xyz";
  for (size_t width = 0; width < 16; ++width) {
    const std::string shorter = ShortenMiddle(text, width);
    EXPECT_LE(DisplayWidth(shorter), width);
    EXPECT_EQ(Printable(shorter), shorter) << "cut within a character";
  }
}

TEST(Bar, IsInEighthsOfAColumn) {
  EXPECT_EQ(Bar(0, 4), "");
  EXPECT_EQ(Bar(-1, 4), "");
  EXPECT_EQ(Bar(1, 4), "████");
  EXPECT_EQ(Bar(7, 4), "████");
  EXPECT_EQ(Bar(0.5, 3), "█▌");
  EXPECT_EQ(Bar(1e-9, 4), "▏");
}

}  // namespace
}  // namespace itemized::cli
