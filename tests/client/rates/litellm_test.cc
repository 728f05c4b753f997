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

TEST(LiteLlmRates, AModelOfAnyModeHasARateIfItHasAPriceThatACallCanBeBilledBy) {
  EXPECT_THAT(
      LinesOf(R"({"hear": {"mode": "audio_transcription", "input_cost_per_audio_token": 6e-06},
                  "live": {"mode": "realtime", "input_cost_per_token": 4e-06},
                  "draw": {"mode": "image_generation", "output_cost_per_image_token": 4e-05},
                  "sort": {"mode": "rerank", "input_cost_per_token": 2e-08},
                  "moderate": {"mode": "moderation", "input_cost_per_token": 0.0},
                  "late": {"mode": "chat", "input_cost_per_token_batches": 1e-06}})"),
      ElementsAre("- hear input_audio=6", "- live input=4", "- draw output_image=40",
                  "- sort input=0.02", "- moderate input=0", "- late [batch, ] input=1"));
}

TEST(LiteLlmRates, WhatIsFreeButForAPriceThatNoRateHasIsLeftOut) {
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": 1e-06},
        "sing": {"input_cost_per_token": 0, "output_cost_per_token": "0.0",
                 "output_cost_per_image": 0.04},
        "gift": {"input_cost_per_token": 0, "output_cost_per_image": 0}})",
                      {}, &warnings),
              ElementsAre("- m input=1", "- gift input=0"));
  EXPECT_THAT(warnings, ElementsAre("Left out 1 model whose prices are all of kinds that a rate "
                                    "cannot have: output_cost_per_image (1)."));
}

TEST(LiteLlmRates, EachTierOfServiceHasARateOfItsOwn) {
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06,
        "input_cost_per_token_above_200k_tokens": 8e-06,
        "input_cost_per_token_flex": 2e-06, "output_cost_per_token_flex": "4e-06",
        "input_cost_per_token_above_200k_tokens_flex": 3e-06,
        "input_cost_per_token_priority": 7e-06, "output_cost_per_token_priority": 1.4e-05,
        "input_cost_per_token_priority_above_200k_tokens": 9e-06,
        "input_cost_per_token_batches": 1e-06, "output_cost_per_token_batch_requests": 3e-06,
        "input_cost_per_token_above_200k_tokens_batches": 1.5e-06,
        "input_cost_per_request": 0.001}})"),
              ElementsAre("- m input=4 output=8 request=1 >200000 input=8",
                          "- m [batch, ] input=1 output=3 request=1 >200000 input=1.5",
                          "- m [flex, ] input=2 output=4 request=1 >200000 input=3",
                          "- m [priority, ] input=7 output=14 request=1 >200000 input=9"));
}

TEST(LiteLlmRates, RegionsAndTheFastTierMultiplyAllPricesOfTokens) {
  EXPECT_THAT(
      LinesOf(R"({"a": {"input_cost_per_token": 5e-06, "input_cost_per_token_flex": 2.5e-06,
                        "regional_processing_uplift_multiplier_eu": 1.1,
                        "input_cost_per_token_above_200k_tokens": 1e-05,
                        "input_cost_per_token_above_200k_tokens_flex": 5e-06},
                  "b": {"cache_read_input_token_cost": 5e-07,
                        "search_context_cost_per_query": 0.01,
                        "provider_specific_entry": {"us": "1.1", "fast": 6.0, "schema": "v2"}}})"),
      ElementsAre("- a input=5 >200000 input=10", "- a [flex, ] input=2.5 >200000 input=5",
                  "- a [, eu] input=5.5 >200000 input=11",
                  "- a [flex, eu] input=2.75 >200000 input=5.5", "- b cache_read=0.5 web_search=10",
                  "- b [fast, ] cache_read=3 web_search=10",
                  "- b [, us] cache_read=0.55 web_search=10",
                  "- b [fast, us] cache_read=3.3 web_search=10"));
}

TEST(LiteLlmRates, AFactorThatTakesAPriceOutOfRangeIsToldAndItsRateLeftOut) {
  std::vector<std::string> warnings;
  EXPECT_THAT(LinesOf(R"({"m": {"input_cost_per_token": 900, "output_cost_per_token": 1e-12,
                                "provider_specific_entry": {"us": 1.2, "fast": 0.01, "eu": 1.1}}})",
                      {}, &warnings),
              ElementsAre("- m input=900000000 output=0.000001",
                          "- m [, eu] input=990000000 output=0.000001"));
  EXPECT_THAT(warnings, UnorderedElementsAre(
                            "Rounded 1 price to 10^-12 USD a token.",
                            "Ignored prices of other kinds: region us (1), the fast tier (1)."));
}

TEST(LiteLlmRates, HoursOffThePeakHaveARateOfTheirOwn) {
  EXPECT_THAT(
      LinesOf(R"({"a": {"input_cost_per_token": 2e-06, "output_cost_per_token": 4e-06,
                        "input_cost_per_token_above_128k_tokens": 6e-06,
                        "off_peak_pricing": {"hours_utc": "16:30-00:30",
                                             "input_cost_per_token": 1e-06}},
                  "b": {"input_cost_per_token": 2e-06, "off_peak_pricing": {
                        "hours_utc": ["01:00-05:00", "13:00 - 24:00"],
                        "input_cost_per_token": "1e-06"}},
                  "c": {"input_cost_per_token": 2e-06, "off_peak_pricing": {
                        "hours_utc": "10:00-10:00", "input_cost_per_token": 1e-06}}})"),
      ElementsAre("- a input=2 output=4 >128000 input=6", "- a 59400-1800 input=1 output=4",
                  "- b input=2", "- b 3600-18000 input=1", "- b 46800-0 input=1", "- c input=1"));
  for (const char* hours : {"\"25:00-26:00\"", "\"16:30\"", "\"\"", "[]", "5", "[\"x\"]",
                            "\"1:00-2:00\"", "\"10:60-11:00\"", "\"-1:00-02:00\""}) {
    EXPECT_THAT(ErrorOf(absl::StrCat(R"({"m": {"input_cost_per_token": 1e-06, "off_peak_pricing": {
                                         "hours_utc": )",
                                     hours, "}}}")),
                HasSubstr("Model \"m\": field \"off_peak_pricing.hours_utc\" must be hours"))
        << hours;
  }
}

TEST(LiteLlmRates, WhatIsLeftOutIsSaidOnceAKindAndOneByOne) {
  constexpr char kJson[] = R"({
        "sample_spec": {"litellm_provider": "one of many", "input_cost_per_token": 0.0},
        "fallback_generalizations": {"rules": [{"name": "x"}]},
        "draw": {"mode": "image_generation", "output_cost_per_image": 0.04},
        "draw-2": {"mode": "image_generation", "output_cost_per_image": 0.04},
        "say": {"mode": "audio_speech", "input_cost_per_character": 1e-06},
        "nothing": {"mode": "chat", "litellm_provider": "x"},
        "seek": {"mode": "search", "tiered_pricing": [{"max_results_range": [0, 25],
                 "input_cost_per_query": 0.005}]},
        "m": {"mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1.23456789e-08,
              "cache_read_input_token_cost": 1e-07, "input_cost_per_token_batches": 5e-07,
              "input_cost_per_token_above_200k_tokens": 3e-06,
              "input_cost_per_token_above_200k_tokens_priority": 4e-06,
              "off_peak_pricing": {"windows": [{"hours_utc": "00:00-01:00", "weekdays": [1]}],
                                   "input_cost_per_token": 1e-07},
              "input_cost_per_second": 0.001, "input_dbu_cost_per_token": 1e-05,
              "provider_specific_entry": {"ctx_size": 32768},
              "search_context_cost_per_query": {"search_context_size_low": 0.03,
                 "search_context_size_medium": 0.035, "search_context_size_high": 0.05}}})";
  std::vector<std::string> warnings;
  EXPECT_THAT(
      LinesOf(kJson, {}, &warnings),
      ElementsAre("- m input=1 cache_read=0.1 output=0.012346 web_search=35 >200000 input=3",
                  "- m [batch, ] input=0.5 web_search=35"));
  EXPECT_THAT(
      warnings,
      UnorderedElementsAre(
          "Left out 4 models whose prices are all of kinds that a rate cannot have: "
          "output_cost_per_image (2), input_cost_per_character (1), tiered_pricing (1).",
          "Left out 1 model without a price.",
          "Took the medium context size for the web searches of 1 model whose price depends on it.",
          "Took one price for all context sizes in tiers of service that have no other in the "
          "file, though the standard has: batch (1).",
          "Billed as the class that they are part of, because they have no price of their own in a "
          "tier of service: cache_read in batch (1).",
          "Rounded 1 price to 10^-12 USD a token.",
          "Ignored prices of other kinds: input_cost_per_second (1), input_dbu_cost_per_token (1), "
          "off_peak_pricing (1), prices above a context size (1), "
          "provider_specific_entry.ctx_size (1)."));
  std::vector<std::string> left_out;
  const absl::StatusOr<RateImport> import = ParseRateFile(kJson);
  for (const LeftOut& one : import->left_out) {
    left_out.push_back(absl::StrCat(one.model, " ", one.field, ": ", one.reason));
  }
  EXPECT_THAT(
      left_out,
      ElementsAre(
          "draw : all its prices are of kinds that a rate cannot have: output_cost_per_image",
          "draw-2 : all its prices are of kinds that a rate cannot have: output_cost_per_image",
          "say : all its prices are of kinds that a rate cannot have: input_cost_per_character",
          "nothing : it has no price",
          "seek : all its prices are of kinds that a rate cannot have: tiered_pricing",
          "m prices above a context size: there is no price below that size",
          "m off_peak_pricing: its hours depend on the day",
          "m input_cost_per_second: a rate cannot have this kind of price",
          "m input_dbu_cost_per_token: it is in units of Databricks and not in USD",
          "m provider_specific_entry.ctx_size: it is not known what this number means"));
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
  for (const char* factor : {"0", "-1.1", "\"\"", "1001", "{}", "1e-13", "null"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat(
                    R"({"m": {"litellm_provider": "x", "provider_specific_entry": {"us": )", factor,
                    "}}}")),
                HasSubstr("field \"provider_specific_entry.us\" must be a factor above 0"))
        << factor;
  }
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": 1, "input_cost_per_token": 2}})"),
              HasSubstr("field \"input_cost_per_token\" is there twice"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input_cost_per_token": 1}, "m": {"input_cost_per_token": 1}})"),
              HasSubstr("Model \"m\" is there twice"));
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
