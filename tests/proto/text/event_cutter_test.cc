// SPDX-License-Identifier: Apache-2.0
#include "proto/text/event_cutter.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/text/ndjson.h"

namespace itemized::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "LINE:TEXT", "LINE[INDEX]:TEXT" or "LINE[INDEX]!" for a fault.
std::vector<std::string> Cut(absl::string_view body) {
  std::vector<std::string> pieces;
  EventCutter cutter(body);
  for (EventPiece piece; cutter.Next(piece);) {
    std::string text = absl::StrCat(piece.line);
    if (piece.index.has_value()) {
      absl::StrAppend(&text, "[", *piece.index, "]");
    }
    pieces.push_back(piece.fault != nullptr ? text + "!" : absl::StrCat(text, ":", piece.text));
  }
  return pieces;
}

TEST(EventCutter, CutsLines) {
  EXPECT_THAT(Cut("{\"a\":1}\n\n  \r\n{\"b\":2}\r\n{\"c\":3}"),
              ElementsAre("1:{\"a\":1}", "4:{\"b\":2}\r", "5:{\"c\":3}"));
  EXPECT_THAT(Cut("nonsense\n{}\n"), ElementsAre("1:nonsense", "2:{}"));
  EXPECT_THAT(Cut(" \n\t\n"), IsEmpty());
  EXPECT_THAT(Cut(""), IsEmpty());
}

TEST(EventCutter, CutsObjectsOverSeveralLines) {
  const std::string pretty = "{\n  \"a\": {\n    \"b\": \"}\\\"{\"\n  }\n}";
  EXPECT_THAT(Cut(pretty), ElementsAre("1:" + pretty));
  EXPECT_THAT(Cut(pretty + "\n" + pretty + "\n\n{\"c\":3}\n"),
              ElementsAre("1:" + pretty, "6:" + pretty, "12:{\"c\":3}"));
  EXPECT_THAT(Cut("{\"a\":{}\n}\n"), ElementsAre("1:{\"a\":{}\n}"));
  EXPECT_THAT(Cut("{ \"a\":\n 1 }, {\n"), ElementsAre("1:{ \"a\":\n 1 }, {"));
}

TEST(EventCutter, ABrokenLineTakesNoOtherWithIt) {
  EXPECT_THAT(Cut("{\"a\":1,\n{\"b\":2}}\n{\"c\":3}"),
              ElementsAre("1:{\"a\":1,", "2:{\"b\":2}}", "3:{\"c\":3}"));
  EXPECT_THAT(Cut("{\"a\":\"x\nzzz\n{\"b\":2}"),
              ElementsAre("1:{\"a\":\"x", "2:zzz", "3:{\"b\":2}"));
  EXPECT_THAT(Cut("{\n\"a\"\n"), ElementsAre("1:{", "2:\"a\""));
  EXPECT_THAT(Cut("}\n{}"), ElementsAre("1:}", "2:{}"));
}

TEST(EventCutter, CutsAnArray) {
  EXPECT_THAT(Cut("[{\"a\":[1,2]},{\"b\":\"],\"}]"),
              ElementsAre("1[0]:{\"a\":[1,2]}", "1[1]:{\"b\":\"],\"}"));
  EXPECT_THAT(Cut("\n [\n{\n\"a\":1},\n\n2 ]\n"), ElementsAre("3[0]:{\n\"a\":1}", "6[1]:2 "));
  EXPECT_THAT(Cut("\xef\xbb\xbf[1]"), ElementsAre("1[0]:1"));
  EXPECT_THAT(Cut("[]"), IsEmpty());
  EXPECT_THAT(Cut(" [ ] \n"), IsEmpty());
}

TEST(EventCutter, WhatIsCutOfABrokenArrayIsKept) {
  EXPECT_THAT(Cut("[1,2"), ElementsAre("1[0]:1", "1[1]!"));
  EXPECT_THAT(Cut("[1,"), ElementsAre("1[0]:1", "1[1]!"));
  EXPECT_THAT(Cut("[1,]"), ElementsAre("1[0]:1", "1[1]!"));
  EXPECT_THAT(Cut("[1,,2]"), ElementsAre("1[0]:1", "1[1]!", "1[2]:2"));
  EXPECT_THAT(Cut("[1]\n{}"), ElementsAre("1[0]:1", "2[1]!"));
  EXPECT_THAT(Cut("["), ElementsAre("1[0]!"));
  EXPECT_THAT(Cut("[{\"a\":1}},2]"), ElementsAre("1[0]:{\"a\":1}}", "1[1]:2"));
  EXPECT_THAT(Cut("[\"a\n,2]"), ElementsAre("1[0]:\"a\n", "2[1]:2"));
  EXPECT_THAT(Cut("[1,\"" + std::string(kLineBytesMax, 'x') + "\",2]"),
              ElementsAre("1[0]:1", "1[1]!"));
}

// Each byte is looked at a few times, whatever stands in them.
// Blank here is more than JSON's white space.
TEST(EventCutter, AnElementOfAFormFeedIsNone) {
  EXPECT_THAT(Cut("[{},\f,{}]"), ElementsAre("1[0]:{}", "1[1]!", "1[2]:{}"));
}

TEST(EventCutter, IsDoneWithBrokenBodiesAsFastAsWithGoodOnes) {
  for (const char* line : {" {x\n", "{\n", "{\nx\n", " {\"\n", "{[\n ", "{\n\n"}) {
    std::string body;
    while (body.size() < size_t{1} << 20) {
      body += line;
    }
    EXPECT_GT(Cut(body).size(), 1'000U) << line;
  }
}

TEST(EventCutter, LosesNothingOfRandomBodies) {
  std::mt19937 random(20261101);
  const std::string pieces[] = {"{", "}", "[", "]", ",", "\"", "\\", "\n", " ", "a", "{\"a\":1}\n"};
  for (int i = 0; i < 20'000; ++i) {
    std::string body;
    for (auto count = random() % 30; count > 0; --count) {
      body += pieces[random() % std::size(pieces)];
    }
    EventCutter cutter(body);
    const char* at = body.data();
    for (EventPiece piece; cutter.Next(piece);) {
      if (piece.fault == nullptr) {
        ASSERT_GE(piece.text.data(), at) << body;  // They come in order, and none twice.
        ASSERT_FALSE(IsBlank(piece.text)) << body;
        at = piece.text.data() + piece.text.size();
      }
    }
    ASSERT_LE(at, body.data() + body.size());
  }
}

}  // namespace
}  // namespace itemized::text
