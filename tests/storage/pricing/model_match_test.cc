// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/model_match.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

using Kind = ModelMatch::Kind;
using ::testing::HasSubstr;

TEST(ModelMatch, EachKindComparesItsOwnWay) {
  EXPECT_TRUE(ModelMatch::Equals("gpt-5").Matches("gpt-5"));
  EXPECT_FALSE(ModelMatch::Equals("gpt-5").Matches("gpt-5-mini"));
  EXPECT_FALSE(ModelMatch::Equals("gpt-5").Matches("GPT-5"));
  EXPECT_TRUE(StartsWith("gpt-5").Matches("gpt-5-mini"));
  EXPECT_FALSE(StartsWith("gpt-5").Matches("openai/gpt-5"));
  EXPECT_TRUE(Leaf(Kind::kEndsWith, "gpt-5").Matches("openai/gpt-5"));
  EXPECT_FALSE(Leaf(Kind::kEndsWith, "gpt-5").Matches("gpt-5-mini"));
  EXPECT_TRUE(Leaf(Kind::kContains, "codex").Matches("gpt-5-codex-max"));
  EXPECT_FALSE(Leaf(Kind::kContains, "codex").Matches("gpt-5"));
}

TEST(ModelMatch, ARegexIsSearchedForAnywhereInTheName) {
  const ModelMatch regex = Leaf(Kind::kRegex, "-20[0-9]{6}");
  EXPECT_TRUE(regex.Matches("claude-haiku-4-5-20251001"));
  EXPECT_TRUE(regex.Matches("claude-haiku-4-5-20251001-v1"));
  EXPECT_FALSE(regex.Matches("claude-haiku-4-5"));
  EXPECT_FALSE(Leaf(Kind::kRegex, "^o[34]$").Matches("o4-mini"));
}

TEST(ModelMatch, CombinationsNestAndAskAnyOrAll) {
  const ModelMatch any = Combination(Kind::kAnyOf, {ModelMatch::Equals("o3"), StartsWith("o4")});
  const ModelMatch all = Combination(Kind::kAllOf, {any, Leaf(Kind::kEndsWith, "mini")});
  EXPECT_TRUE(any.Matches("o3"));
  EXPECT_TRUE(any.Matches("o4-mini"));
  EXPECT_FALSE(any.Matches("o1"));
  EXPECT_TRUE(all.Matches("o4-mini"));
  EXPECT_FALSE(all.Matches("o3"));
}

TEST(ModelMatch, SpecificityPrefersTheNameThenTheLongerPattern) {
  EXPECT_EQ(ModelMatch::Equals("gpt-5").Specificity("gpt-5"), ModelMatch::kExact);
  EXPECT_EQ(StartsWith("gpt-5").Specificity("gpt-5"), 5u);
  EXPECT_EQ(StartsWith("gpt-5").Specificity("o3"), 0u);
  const ModelMatch any = Combination(
      Kind::kAnyOf, {StartsWith("gp"), StartsWith("gpt-5"), ModelMatch::Equals("gpt-5-pro")});
  EXPECT_EQ(any.Specificity("gpt-5-mini"), 5u);
  EXPECT_EQ(any.Specificity("gpt-5-pro"), ModelMatch::kExact);
  const ModelMatch all =
      Combination(Kind::kAllOf, {StartsWith("gpt-5"), Leaf(Kind::kContains, "mini")});
  EXPECT_EQ(all.Specificity("gpt-5-mini"), 9u);
  EXPECT_EQ(all.Specificity("gpt-5"), 0u);
}

TEST(ModelMatch, IsShownInOneLineThatIdentifiesIt) {
  EXPECT_EQ(ModelMatch::Equals("openai/gpt-5").ToString(), "openai/gpt-5");
  EXPECT_EQ(StartsWith("gpt-5").ToString(), "gpt-5*");
  EXPECT_EQ(Leaf(Kind::kEndsWith, "mini").ToString(), "*mini");
  EXPECT_EQ(Leaf(Kind::kContains, "codex").ToString(), "*codex*");
  EXPECT_EQ(Leaf(Kind::kRegex, "^o[34](-mini)?$").ToString(), "/^o[34](-mini)?$/");
  EXPECT_EQ(Combination(Kind::kAnyOf, {ModelMatch::Equals("a"), StartsWith("b")}).ToString(),
            "any(a, b*)");
  EXPECT_EQ(Combination(Kind::kAllOf, {StartsWith("b"), Leaf(Kind::kRegex, "/x")}).ToString(),
            "all(b*, /\"/x\"/)");
}

TEST(ModelMatch, TextsWithSignsOfTheNotationAreQuoted) {
  EXPECT_EQ(ModelMatch::Equals("gpt-5*").ToString(), "\"gpt-5*\"");
  EXPECT_EQ(ModelMatch::Equals("a, b").ToString(), "\"a, b\"");
  EXPECT_EQ(ModelMatch::Equals("/a/").ToString(), "\"/a/\"");
  EXPECT_EQ(ModelMatch::Equals("a\n\"").ToString(), "\"a\\n\\\"\"");
  EXPECT_EQ(StartsWith("any(").ToString(), "\"any(\"*");
  EXPECT_EQ(ModelMatch::Equals("modèle").ToString(), "modèle");
}

ModelMatch Nested(int depth) {
  ModelMatch match = ModelMatch::Equals("a");
  for (int i = 0; i < depth; ++i) {
    match = Combination(i % 2 == 0 ? Kind::kAnyOf : Kind::kAllOf, {match});
  }
  return match;
}

TEST(ModelMatch, ValidationSaysWhatToMend) {
  const auto message = [](const ModelMatch& match) {
    EXPECT_EQ(match.Validate().code(), absl::StatusCode::kInvalidArgument);
    return std::string(match.Validate().message());
  };
  EXPECT_THAT(message(ModelMatch::Equals("")), HasSubstr("empty text"));
  EXPECT_THAT(message(Leaf(Kind::kRegex, "(")), HasSubstr("not valid RE2 syntax"));
  EXPECT_THAT(message(Leaf(Kind::kRegex, "(?<=a)b")), HasSubstr("/(?<=a)b/"));
  EXPECT_THAT(message(Combination(Kind::kAnyOf, {})), HasSubstr("at least one part"));
  EXPECT_THAT(message(Combination(Kind::kAllOf, {ModelMatch::Equals("")})),
              HasSubstr("empty text"));
  EXPECT_THAT(message(ModelMatch::Equals(std::string(1001, 'a'))), HasSubstr("1001 bytes"));
  EXPECT_THAT(message(Nested(9)), HasSubstr("more than 8 deep"));
  EXPECT_THAT(
      message(Combination(Kind::kAnyOf, std::vector<ModelMatch>(1001, ModelMatch::Equals("a")))),
      HasSubstr("1000 parts"));
  ModelMatch leaf_with_parts = ModelMatch::Equals("a");
  leaf_with_parts.parts.push_back(ModelMatch::Equals("b"));
  EXPECT_THAT(message(leaf_with_parts), HasSubstr("use any_of"));
  ModelMatch combination_with_text = Nested(1);
  combination_with_text.text = "a";
  EXPECT_THAT(message(combination_with_text), HasSubstr("no text of its own"));
}

TEST(ModelMatch, EightDeepAndAThousandBytesAreStillValid) {
  EXPECT_TRUE(Nested(8).Validate().ok());
  EXPECT_TRUE(Nested(8).Matches("a"));
  EXPECT_TRUE(ModelMatch::Equals(std::string(1000, 'a')).Validate().ok());
  EXPECT_TRUE(Leaf(Kind::kRegex, "^claude-[a-z]+-4-[0-9]").Validate().ok());
}

}  // namespace
}  // namespace itemized
