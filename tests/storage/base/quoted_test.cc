// SPDX-License-Identifier: Apache-2.0
#include "storage/base/quoted.h"

#include <string>

#include "gtest/gtest.h"

namespace itemized {
namespace {

TEST(Quoted, PlainTextStandsInQuotes) {
  EXPECT_EQ(Quoted("0.147"), "\"0.147\"");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(Quoted, UnprintableBytesAreEscaped) {
  EXPECT_EQ(Quoted("a\n\"\x01"), "\"a\\n\\\"\\x01\"");
}

TEST(Quoted, LongTextIsCut) {
  EXPECT_EQ(Quoted(std::string(60, 'x')), "\"" + std::string(60, 'x') + "\"");
  EXPECT_EQ(Quoted(std::string(61, 'x')), "\"" + std::string(60, 'x') + "...\"");
}

}  // namespace
}  // namespace itemized
