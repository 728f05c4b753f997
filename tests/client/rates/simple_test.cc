// SPDX-License-Identifier: Apache-2.0
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SimpleRates, AModelWithTwoPricesIsOneRateForAnyProvider) {
  EXPECT_THAT(LinesOf(R"({"claude-sonnet-4-6": {"input": 3.00, "output": 15.00}})"),
              ElementsAre("- claude-sonnet-4-6 input=3 output=15"));
}

TEST(SimpleRates, NumbersAndStringsKeepTheirDigits) {
  EXPECT_THAT(LinesOf(R"({"m": {"input": "0.10", "output": 1e-6, "cache_read": 2.5E1,
                                "cache_write": "3e-06"}})"),
              ElementsAre("- m input=0.1 cache_read=25 cache_write_5m=0.000003 output=0.000001"));
}

TEST(SimpleRates, EveryFieldHasItsPlace) {
  EXPECT_THAT(LinesOf(R"({"m": {"input": 1, "cache_read": 2, "cache_write_5m": 3,
      "cache_write_1h": 4, "output": 5, "reasoning": 6, "input_audio": 7, "cache_read_audio": 8,
      "output_audio": 9, "input_image": 10, "output_image": 11, "web_search": 12.5,
      "request": 0.000000001}})"),
              ElementsAre("- m input=1 cache_read=2 cache_write_5m=3 cache_write_1h=4 output=5 "
                          "reasoning=6 input_audio=7 cache_read_audio=8 output_audio=9 "
                          "input_image=10 output_image=11 web_search=12.5 request=0.000000001"));
}

TEST(SimpleRates, SynonymsAreUnderstoodButNotTwice) {
  EXPECT_THAT(LinesOf(R"({"a": {"input": 1, "cached_read": 2}, "b": {"cached_input": 3},
                          "c": {"cache_write": 4, "cache_write_1h": 5}})",
                      {RateFormat::kSimple, 0, ""}),
              ElementsAre("- a input=1 cache_read=2", "- b cache_read=3",
                          "- c cache_write_5m=4 cache_write_1h=5"));
  EXPECT_THAT(ErrorOf(R"({"m": {"cache_write": 4, "cache_write_5m": 4}})"),
              AllOf(HasSubstr("\"m\""), HasSubstr("\"cache_write_5m\" is there twice")));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 4, "input": 5}})"), HasSubstr("is there twice"));
}

TEST(SimpleRates, AStarAtTheEndStandsForAnyRest) {
  EXPECT_THAT(LinesOf(R"({"gpt-5*": {"input": 1}, "*x": {"input": 2}})"),
              ElementsAre("- gpt-5* input=1", "- \"*x\" input=2"));
  EXPECT_THAT(ErrorOf(R"({"*": {"input": 1}})"), HasSubstr("names no model"));
  EXPECT_THAT(ErrorOf(R"({"": {"input": 1}})"), HasSubstr("names no model"));
}

// What a rate of the file is for and on what terms: "[tier region key=value] x multiplier
// currency".
std::vector<std::string> TermsOf(absl::string_view json) {
  const absl::StatusOr<RateImport> import = ParseRateFile(json, {});
  EXPECT_TRUE(import.ok()) << import.status();
  std::vector<std::string> lines;
  for (const v1::Rate& rate : import.ok() ? import->rates : std::vector<v1::Rate>()) {
    lines.push_back(absl::StrCat(Line(rate), " [", rate.service_tier(), " ", rate.region(), " ",
                                 rate.attribute_key(), "=", rate.attribute_value(), "] x ",
                                 rate.multiplier(), rate.currency()));
  }
  return lines;
}

TEST(SimpleRates, MultipliersAttributesAndCurrenciesAreTaken) {
  EXPECT_THAT(
      TermsOf(
          R"({"m": {"input": 3, "currency": "EUR", "tiers_of_service": {"flex": {"multiplier": "0.50"},
                        "batch": {"input": 1}}, "regions": {"us": {"multiplier": 1.1}}},
                  "n": [{"input": 2}, {"input": 1, "attribute": {"tenant": "acme"}},
                        {"multiplier": "0.8"}, {"multiplier": 0.75, "attribute": {"tenant": "b"}}],
                  "*": {"provider": "openai", "multiplier": "0.9"}})"),
      ElementsAre("- m input=3 [  =] x EUR", "- m [flex, ] [flex  =] x 0.5",
                  "- m [batch, ] input=1 [batch  =] x EUR", "- m [, us] [ us =] x 1.1",
                  "- n input=2 [  =] x ", "- n input=1 [  tenant=acme] x ", "- n [  =] x 0.8",
                  "- n [  tenant=b] x 0.75", "openai * [  =] x 0.9"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "multiplier": 2}})"), HasSubstr("one or the other"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "tiers_of_service": {"f": {"multiplier": 0}}}})"),
              HasSubstr("above 0"));
  EXPECT_THAT(ErrorOf(R"({"m": {"multiplier": "half"}})"), HasSubstr("decimal number"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "attribute": {"a": "b", "c": "d"}}})"),
              HasSubstr("one attribute"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "attribute": "acme"}})"), HasSubstr("one attribute"));
}

TEST(SimpleRates, ProviderInstantAndSourceAreTaken) {
  const absl::StatusOr<RateImport> import = ParseRateFile(
      R"({"m": {"provider": "azure", "effective_from": "2026-03-13", "input": 1, "source": "mail"},
          "n": {"effective_from": "2026-03-13T01:00:00+01:00", "input": 1}})",
      {RateFormat::kAuto, 5, "price list"});
  ASSERT_TRUE(import.ok());
  EXPECT_THAT(Lines(import->rates),
              ElementsAre("azure m @1773360000000000 input=1", "- n @1773360000000000 input=1"));
  EXPECT_EQ(import->rates[0].source(), "mail");
  EXPECT_EQ(import->rates[1].source(), "price list");
}

TEST(SimpleRates, TheInstantOfTheOptionsHoldsWhereTheFileNamesNone) {
  EXPECT_THAT(LinesOf(R"({"m": {"input": 1}})", {RateFormat::kAuto, 7, ""}),
              ElementsAre("- m @7 input=1"));
}

TEST(SimpleRates, AnArrayIsTheHistoryOfAModel) {
  EXPECT_THAT(LinesOf(R"({"m": [{"input": 1}, {"effective_from": "2026-01-01", "input": 2}]})"),
              ElementsAre("- m input=1", "- m @1767225600000000 input=2"));
  EXPECT_THAT(ErrorOf(R"({"m": [{"input": 1}, {"input": 2}]})"),
              HasSubstr("the same in two objects"));
}

TEST(SimpleRates, TiersNameTheirThresholdAndPrices) {
  EXPECT_THAT(LinesOf(R"({"m": {"input": 3, "tiers": [
                           {"input_tokens_over": 200000, "input": 6, "cached_input": "0.6"},
                           {"input_tokens_over": 400000, "output": 7}]}})"),
              ElementsAre("- m input=3 >200000 input=6 cache_read=0.6 >400000 output=7"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 3, "tiers": {}}})"), HasSubstr("must be an array"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 3, "tiers": [{"input": 4}]}})"),
              HasSubstr("needs \"input_tokens_over\""));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 3, "tiers": [{"input_tokens_over": 4}]}})"),
              HasSubstr("and a price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 3, "tiers": [{"input_tokens_over": 1.5, "input": 4}]}})"),
              HasSubstr("whole number of tokens"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 3, "tiers": [{"start": 4}]}})"),
              HasSubstr("\"tiers.start\" is not known"));
}

TEST(SimpleRates, TiersOfServiceAndRegionsHavePricesOfTheirOwn) {
  const absl::StatusOr<RateImport> import = ParseRateFile(
      R"({"m": {"provider": "p", "input": "0.05", "output": 0.4,
          "tiers_of_service": {"flex": {"input": "0.025", "tiers": [
              {"input_tokens_over": 9, "input": 1}]}},
          "regions": {"us": {"input": "0.055", "output": "0.44"}}}})");
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_THAT(Lines(import->rates),
              ElementsAre("p m input=0.05 output=0.4", "p m [flex, ] input=0.025 >9 input=1",
                          "p m [, us] input=0.055 output=0.44"));
  EXPECT_EQ(import->rates[0].service_tier() + import->rates[0].region(), "");
  EXPECT_EQ(import->rates[1].service_tier(), "flex");
  EXPECT_EQ(import->rates[2].region(), "us");
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "regions": {"us": {}}}})"),
              HasSubstr("\"regions.us\" has no price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "regions": ["us"]}})"),
              HasSubstr("\"regions\" must be"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "tiers_of_service": {"flex": {"inptu": 1}}}})"),
              HasSubstr("\"tiers_of_service.flex.inptu\" is not known"));
}

TEST(SimpleRates, TheModelsMayBeWrappedWithANote) {
  const absl::StatusOr<RateImport> import = ParseRateFile(
      R"({"note": "of spring", "source": "list", "usd_per_million_tokens": {"m": {"input": "1"}}})");
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_THAT(Lines(import->rates), ElementsAre("- m input=1"));
  EXPECT_EQ(import->rates[0].source(), "list");
  EXPECT_THAT(ErrorOf(R"({"usd_per_million_tokens": {}, "nite": ""})"),
              HasSubstr("\"nite\" beside"));
  EXPECT_THAT(ErrorOf(R"({"usd_per_million_tokens": [1]})"), HasSubstr("object of models"));
}

TEST(SimpleRates, AnUnknownFieldIsNamedWithItsModel) {
  EXPECT_THAT(ErrorOf(R"({"gpt-5": {"input": 1, "outptu": 2}})"),
              AllOf(HasSubstr("\"gpt-5\""), HasSubstr("\"outptu\" is not known")));
}

TEST(SimpleRates, BadPricesAreNamedWithModelAndField) {
  EXPECT_THAT(ErrorOf(R"({"m": {"input": "3 USD"}})"),
              AllOf(HasSubstr("Model \"m\": field \"input\""), HasSubstr("decimal number in USD")));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": -1}})"), HasSubstr("must be from 0 to 1000000000"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1e10}})"), HasSubstr("must be from 0 to 1000000000"));
  EXPECT_THAT(ErrorOf(R"({"m": {"request": 1e7}})"), HasSubstr("must be from 0 to 1000000"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": null}})"), HasSubstr("is not a price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": [1]}})"), HasSubstr("is not a price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 0.0000001}})"), HasSubstr("finer than 10^-12"));
}

TEST(SimpleRates, AModelNeedsAPriceAndIsThereOnce) {
  EXPECT_THAT(ErrorOf(R"({"m": {"effective_from": "2026-01-01"}})"), HasSubstr("has no price"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1}, "m": {"input": 2}})"),
              HasSubstr("\"m\" is there twice"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1}, "n": 2})"), HasSubstr("\"n\" is not an object"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "effective_from": "spring"}})"),
              HasSubstr("\"effective_from\" is no instant"));
  EXPECT_THAT(ErrorOf(R"({"m": {"input": 1, "provider": 5}})"), HasSubstr("must be a string"));
}

TEST(SimpleRates, AFreeModelHasAPriceOfZero) {
  EXPECT_THAT(LinesOf(R"({"m": {"input": 0, "output": "0.00"}})"),
              ElementsAre("- m input=0 output=0"));
}

}  // namespace
}  // namespace itemized::client
