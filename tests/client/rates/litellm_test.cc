// SPDX-License-Identifier: Apache-2.0
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(LiteLlmRates, PricesPerTokenBecomePricesPerMillion) {
  EXPECT_THAT(LinesOf(R"({"some-model": {"litellm_provider": "acme", "mode": "chat",
      "max_tokens": 8192, "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
      "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
      "cache_creation_input_token_cost_above_1hr": 6e-06, "supports_vision": true}})"),
              ElementsAre("acme some-model input=3 cache_read=0.3 cache_write_5m=3.75 "
                          "cache_write_1h=6 output=15"));
}

TEST(LiteLlmRates, EveryClassHasItsField) {
  EXPECT_THAT(LinesOf(R"({"m": {"mode": "responses", "input_cost_per_token": 1e-06,
      "output_cost_per_token": 2e-06, "output_cost_per_reasoning_token": 3e-06,
      "input_cost_per_audio_token": 4e-06, "cache_read_input_audio_token_cost": 5e-06,
      "output_cost_per_audio_token": 6e-06, "input_cost_per_image_token": 7e-06,
      "output_cost_per_image_token": 8e-06, "input_cost_per_request": 0.005,
      "search_context_cost_per_query": {"search_context_size_low": 0.01,
        "search_context_size_medium": 0.01, "search_context_size_high": 0.01}}})"),
              ElementsAre("- m input=1 output=2 reasoning=3 input_audio=4 cache_read_audio=5 "
                          "output_audio=6 input_image=7 output_image=8 web_search=10 request=5"));
}

TEST(LiteLlmRates, AKeyWithAProviderMatchesWithAndWithoutIt) {
  EXPECT_THAT(LinesOf(R"({"acme/eu/m": {"litellm_provider": "acme", "input_cost_per_token": 1e-06},
                          "b": {"litellm_provider": "bedrock", "input_cost_per_token": 1e-06}})"),
              ElementsAre("acme any(acme/eu/m, eu/m) input=1", "bedrock b input=1"));
}

TEST(LiteLlmRates, NumbersMayBeStringsAndNullsAreAbsent) {
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": "0.00000125",
                                "output_cost_per_token": null}})"),
              ElementsAre("- m input=1.25"));
}

TEST(LiteLlmRates, ThresholdsInNamesBecomeTiers) {
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": 3e-06,
      "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token": 1.5e-05,
      "output_cost_per_token_above_200k_tokens": 2.25e-05,
      "cache_creation_input_token_cost_above_1hr": 6e-06,
      "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05}})"),
              ElementsAre("- m input=3 cache_write_1h=6 output=15 "
                          ">200000 input=6 cache_write_1h=12 output=22.5"));
}

TEST(LiteLlmRates, ATierKeepsThePricesOfTheOneBelowWhereItHasNone) {
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": 1e-06,
      "input_cost_per_token_above_256k_tokens": 4e-06,
      "input_cost_per_token_above_128k_tokens": 2e-06, "output_cost_per_token": 1e-05,
      "output_cost_per_token_above_128k_tokens": 2e-05}})"),
              ElementsAre("- m input=1 output=10 >128000 input=2 output=20 "
                          ">256000 input=4 output=20"));
}

TEST(LiteLlmRates, TieredPricingBeginsWithTheBase) {
  EXPECT_THAT(LinesOf(R"({"dashscope/m": {"litellm_provider": "dashscope", "tiered_pricing": [
      {"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
      {"range": [256000.0, 1000000.0], "input_cost_per_token": 2.5e-07,
       "output_cost_per_token": 2e-06}]}})"),
              ElementsAre("dashscope any(dashscope/m, m) input=0.05 output=0.4 "
                          ">256000 input=0.25 output=2"));
}

TEST(LiteLlmRates, ThresholdsOfXaiIncludeTheThresholdItself) {
  EXPECT_THAT(LinesOf(R"({"xai/grok": {"litellm_provider": "xai", "input_cost_per_token": 3e-06,
                          "input_cost_per_token_above_128k_tokens": 6e-06}})"),
              ElementsAre("xai any(xai/grok, grok) input=3 >127999 input=6"));
}

TEST(LiteLlmRates, TheNewerOfTwoNamesForAPriceIsTakenInAnyOrder) {
  EXPECT_THAT(LinesOf(R"({"a": {"cache_read_input_token_cost": 1e-06,
                                "input_cost_per_token_cache_hit": 2e-06},
                          "b": {"input_cost_per_token_cache_hit": 2e-06,
                                "cache_read_input_token_cost": 1e-06},
                          "c": {"input_cost_per_token_cache_hit": 2e-06}})"),
              ElementsAre("- a cache_read=1", "- b cache_read=1", "- c cache_read=2"));
}

TEST(LiteLlmRates, WhatIsLeftOutIsSaidOnceAKind) {
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(R"({
        "sample_spec": {"litellm_provider": "one of many", "input_cost_per_token": 0.0},
        "draw": {"mode": "image_generation", "output_cost_per_image": 0.04},
        "draw-2": {"mode": "image_generation", "output_cost_per_image": 0.04},
        "say": {"mode": "audio_speech", "input_cost_per_character": 1e-06},
        "nothing": {"mode": "chat", "litellm_provider": "x"},
        "m": {"mode": "chat", "input_cost_per_token": 1e-06, "input_cost_per_token_batches": 5e-07,
              "output_cost_per_token_batches": 5e-07, "input_cost_per_token_flex": 5e-07,
              "input_cost_per_token_priority": 2e-06,
              "input_cost_per_token_above_200k_tokens_priority": 4e-06,
              "off_peak_pricing": {"input_cost_per_token": 1e-07},
              "input_cost_per_second": 0.001, "output_cost_per_token": 1.23456789e-08,
              "search_context_cost_per_query": {"search_context_size_low": 0.03,
                 "search_context_size_medium": 0.035, "search_context_size_high": 0.05}}})",
                      {}, &warnings),
              ElementsAre("- m input=1 output=0.012346 web_search=35"));
  EXPECT_THAT(
      warnings,
      UnorderedElementsAre(
          "Left out 3 models of modes that are not billed by token: image_generation (2), "
          "audio_speech (1).",
          "Left out 1 model without a price per token.", "Ignored 2 batch prices.",
          "Ignored 1 price of the flex service tier.",
          "Ignored 2 prices of the priority service tier.",
          "Ignored the off-peak prices of 1 model.",
          "Took the medium context size for the web searches of 1 model whose price depends on it.",
          "Rounded 1 price to 10^-12 USD a token.",
          "Ignored prices of other kinds: input_cost_per_second (1)."));
}

TEST(LiteLlmRates, BadPricesAreNamedWithModelAndField) {
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": "free"}})"),
              AllOf(HasSubstr("Model \"m\": field \"input_cost_per_token\""), HasSubstr("free")));
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": -1e-06}})"),
              HasSubstr("must be from 0 to 1000"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": {}}})"), HasSubstr("is not a price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": 1, "tiered_pricing":
                                [{"range": ["a"], "input_cost_per_token": 1}]}})"),
              HasSubstr("\"range\""));
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": 1}, "n": 1})"),
              HasSubstr("\"n\" is not an object"));
}

TEST(LiteLlmRates, SourceAndInstantAreThoseOfTheOptions) {
  const char json[] = R"({"m": {"input_cost_per_token": 1e-06}})";
  EXPECT_EQ(ParseRateFile(json)->rates[0].source(), "LiteLLM");
  const auto import = ParseRateFile(json, {RateFormat::kLiteLlm, 9, "file of May"});
  EXPECT_EQ(import->rates[0].source(), "file of May");
  EXPECT_EQ(import->rates[0].effective_from_unix_us(), 9);
}

}  // namespace
}  // namespace itemized::client
