// SPDX-License-Identifier: Apache-2.0
#include "client/rates/import.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kSimple[] =
    R"({"note": "x", "usd_per_million_tokens": {"m*": [{"input": 3.00, "output": "15",
        "tiers": [{"input_tokens_over": 200000, "input": 6e0}]},
       {"effective_from": "2026-03-13", "input": 3}], "mod\u00e8le": {"input": 1}}})";
constexpr char kLiteLlm[] =
    R"({"sample_spec": {"x": [true, false, null]}, "a/m": {"litellm_provider": "a", "mode": "chat",
        "input_cost_per_token": 3e-06, "search_context_cost_per_query": {
        "search_context_size_medium": 0.01}, "supported_regions": ["eu"], "supports_x": true}})";
constexpr char kGenaiPrices[] =
    R"([{"id": "acme", "models": [{"id": "m", "match": {"or": [{"equals": "m"},
        {"regex": "^m-[0-9]+$"}]}, "prices": [{"constraint": null, "prices": {"input_mtok":
        {"base": 1, "tiers": [{"start": 5, "price": 2}]}}}]}], "extractors": [{"root": "u"}]}])";

TEST(RateImport, TheFormIsToldFromTheContent) {
  for (const char* json : {kSimple, kLiteLlm, kGenaiPrices}) {
    EXPECT_TRUE(ParseRateFile(json).ok()) << ParseRateFile(json).status();
  }
  EXPECT_THAT(ParseRateFile(kSimple)->rates, SizeIs(3));
  EXPECT_EQ(ParseRateFile(kLiteLlm)->rates[0].source(), "LiteLLM");
  EXPECT_EQ(ParseRateFile(kGenaiPrices)->rates[0].source(), "genai-prices");
}

TEST(RateImport, AFileOfNoneOfTheFormsIsToldTheThree) {
  for (const char* json : {"{}", "[]", "[1]", "5", "\"text\"", "null", R"({"a": {"b": 1}})",
                           R"({"models": []})", R"([{"name": "x"}])"}) {
    EXPECT_THAT(ErrorOf(json), AllOf(HasSubstr("LiteLLM"), HasSubstr("genai-prices v2"),
                                     HasSubstr("\"input\": 3.00")))
        << json;
  }
}

TEST(RateImport, AFormAskedForIsNotGuessed) {
  EXPECT_THAT(ErrorOf(R"({"a": {"b": 1}})", {RateFormat::kSimple, 0, ""}),
              HasSubstr("field \"b\" is not known"));
  EXPECT_THAT(ErrorOf(kLiteLlm, {RateFormat::kGenaiPrices, 0, ""}), HasSubstr("no price file"));
  EXPECT_THAT(ErrorOf(kGenaiPrices, {RateFormat::kSimple, 0, ""}), HasSubstr("no price file"));
}

TEST(RateImport, AFileWithoutAnyPriceIsRefused) {
  EXPECT_THAT(ErrorOf(R"({"usd_per_million_tokens": {}})"), HasSubstr("holds no price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"litellm_provider": "x"}})"), HasSubstr("holds no price"));
}

TEST(RateImport, EveryTruncationIsAnErrorWithASentence) {
  for (const char* json : {kSimple, kLiteLlm, kGenaiPrices}) {
    const std::string whole = json;
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(ErrorOf(whole.substr(0, size)), HasSubstr("not valid JSON")) << size;
    }
  }
}

TEST(RateImport, EveryChangedByteIsReadOrRefusedWithASentence) {
  for (const char* json : {kSimple, kLiteLlm, kGenaiPrices}) {
    for (const char byte : {'\0', '"', '{', '}', ']', ',', '9', '-', '\\', '\xff'}) {
      for (size_t i = 0; json[i] != '\0'; ++i) {
        std::string changed = json;
        changed[i] = byte;
        const absl::StatusOr<RateImport> import = ParseRateFile(changed);
        if (!import.ok()) {
          EXPECT_EQ(import.status().code(), absl::StatusCode::kInvalidArgument);
          EXPECT_GT(import.status().message().size(), 20u);
        }
      }
    }
  }
}

TEST(RateImport, NamesOfFormatsAreThoseOfTheCommandLine) {
  EXPECT_EQ(*ParseRateFormat("auto"), RateFormat::kAuto);
  EXPECT_EQ(*ParseRateFormat("simple"), RateFormat::kSimple);
  EXPECT_EQ(*ParseRateFormat("litellm"), RateFormat::kLiteLlm);
  EXPECT_EQ(*ParseRateFormat("genai-prices"), RateFormat::kGenaiPrices);
  EXPECT_THAT(std::string(ParseRateFormat("yaml").status().message()),
              HasSubstr("auto, simple, litellm or genai-prices"));
}

}  // namespace
}  // namespace itemized::client
