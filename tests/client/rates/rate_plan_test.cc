// SPDX-License-Identifier: Apache-2.0
#include "client/rates/rate_plan.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "client/rates/import.h"
#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNowUs = 1'793'491'200'000'000;

std::vector<v1::Rate> RatesOf(absl::string_view json) {
  const absl::StatusOr<RateImport> import = ParseRateFile(json);
  EXPECT_TRUE(import.ok()) << import.status();
  return import.ok() ? import->rates : std::vector<v1::Rate>();
}

std::vector<v1::Rate> Bundled(std::vector<v1::Rate> rates) {
  for (v1::Rate& rate : rates) {
    rate.set_origin(v1::RATE_ORIGIN_BUNDLED);
  }
  return rates;
}

// A planned rate on one line: "m: input 3 to 4 x1.333, input>9 to 5".
std::string Text(const PlannedRate& planned) {
  std::vector<std::string> moves;
  for (const PriceMove& move : planned.moves) {
    std::string text = move.field;
    absl::StrAppend(&text, move.over_tokens < 0 ? "" : absl::StrCat(">", move.over_tokens));
    absl::StrAppend(&text, move.before.empty() ? "" : absl::StrCat(" ", move.before), " to ",
                    move.after.empty() ? "none" : move.after);
    const std::string factor = FactorText(move);
    moves.push_back(absl::StrCat(text, factor.empty() ? "" : " ", factor));
  }
  return absl::StrCat(planned.rate.match().equals(), ": ", absl::StrJoin(moves, ", "));
}

std::vector<std::string> Texts(const std::vector<PlannedRate>& rates) {
  std::vector<std::string> texts;
  for (const PlannedRate& planned : rates) {
    texts.push_back(Text(planned));
  }
  return texts;
}

std::string NameOf(const v1::Rate& rate) {
  return rate.match().equals();
}

TEST(RatePlan, TellsWhatIsAddedChangedAndLeftAsItIs) {
  const RatePlan plan = PlanRates(
      RatesOf(R"({"a": {"input": 3, "output": 15, "tiers": [{"input_tokens_over": 9, "input": 6}]},
                  "b": {"input": 1}, "c": {"input": 2}})"),
      RatesOf(R"({"a": {"input": 4.0, "cache_read": 1, "tiers": [
                        {"input_tokens_over": 9, "input": 3}, {"input_tokens_over": 10, "input": 1}]},
                  "b": {"input": "1.00"}, "d": {"input": 5}})"),
      kNowUs);
  EXPECT_THAT(Texts(plan.changed),
              ElementsAre("a: input 3 to 4 x1.333, cache_read to 1, output 15 to none, "
                          "input>9 6 to 3 x0.5, input>10 to 1"));
  EXPECT_THAT(Texts(plan.added), ElementsAre("d: input to 5"));
  EXPECT_EQ(plan.unchanged, 1);
  EXPECT_EQ(plan.replaced(), 2);
  EXPECT_THAT(plan.refused, IsEmpty());
}

TEST(RatePlan, ARateIsAnotherOneByProviderInstantTierOfServiceAndRegion) {
  const char* const json = R"({"m": [{"input": 1, "tiers_of_service": {"flex": {"input": 2}},
                                      "regions": {"us": {"input": 3}}},
                                     {"input": 4, "provider": "p"},
                                     {"input": 5, "effective_from": "2026-01-01"}]})";
  EXPECT_EQ(PlanRates(RatesOf(json), RatesOf(json), kNowUs).unchanged, 5);
  EXPECT_THAT(PlanRates({}, RatesOf(json), kNowUs).added, SizeIs(5));
}

TEST(RatePlan, ANewRateIsComparedWithTheOneThatHoldsForItsNameNow) {
  const std::vector<v1::Rate> book =
      Bundled(RatesOf(R"({"claude-s*": {"provider": "anthropic", "input": 3, "tiers_of_service":
                                        {"batch": {"input": 1.5}}},
                          "later": {"input": 1, "effective_from": "2027-01-01"}})"));
  EXPECT_THAT(
      Texts(PlanRates(book, RatesOf(R"({"claude-s": {"input": 6}, "later": {"input": 2},
                                        "claude-s-4": {"input": 9, "provider": "p"}})"),
                      kNowUs)
                .added),
      ElementsAre("claude-s: input 3 to 6 x2", "later: input to 2", "claude-s-4: input to 9"));
  std::vector<v1::Rate> batch = RatesOf(R"({"claude-s": {"input": 6}})");
  batch[0].set_service_tier("batch");
  EXPECT_THAT(Texts(PlanRates(book, batch, kNowUs).added),
              ElementsAre("claude-s: input 1.5 to 6 x4"));
  batch[0].set_service_tier("flex");
  EXPECT_THAT(Texts(PlanRates(book, batch, kNowUs).added), ElementsAre("claude-s: input to 6"));
}

TEST(RatePlan, ContractsCurrenciesAndMultipliersTellRatesApart) {
  std::vector<v1::Rate> book = RatesOf(R"({"m": {"input": 3}, "n": {"input": 3}})");
  std::vector<v1::Rate> rates = book;
  rates[0].set_currency("EUR");
  rates[1].set_attribute_key("tenant");
  rates[1].set_attribute_value("acme");
  const RatePlan plan = PlanRates(book, rates, kNowUs);
  EXPECT_THAT(Texts(plan.changed), ElementsAre("m: currency to EUR"));
  EXPECT_THAT(plan.added, SizeIs(1));
  book[0].set_ended_at_unix_us(kNowUs);  // It is in the history alone.
  EXPECT_THAT(PlanRates(book, rates, kNowUs).added, SizeIs(2));
}

TEST(RatePlan, ABundledRateIsNeverReplaced) {
  const std::vector<v1::Rate> rates = RatesOf(R"({"m": {"input": 3}})");
  const RatePlan plan = PlanRates(Bundled(rates), rates, kNowUs);
  EXPECT_EQ(plan.replaced(), 0);
  EXPECT_THAT(Texts(plan.added), ElementsAre("m: "));
}

TEST(RatePlan, WhatAServerWouldRefuseIsRefusedWithItsSentence) {
  std::vector<v1::Rate> rates = RatesOf(R"({"a": {"input": 3}, "b": {"input": 3}})");
  rates[0].set_provider(std::string(1'000, 'p'));
  rates.push_back(rates[1]);
  rates.push_back(rates[1]);
  rates.back().mutable_prices()->set_input("cheap");
  const RatePlan plan = PlanRates({}, rates, kNowUs);
  EXPECT_THAT(plan.added, SizeIs(1));
  ASSERT_THAT(plan.refused, SizeIs(3));
  EXPECT_THAT(plan.refused[0].reason, HasSubstr("The provider has 1000 bytes"));
  EXPECT_THAT(plan.refused[1].reason, HasSubstr("Another rate of the list is for the same"));
  EXPECT_THAT(plan.refused[2].reason, HasSubstr("The price input is \"cheap\""));
}

TEST(RatePlan, FactorsAreExactWhereTheyAreSmallAndWholeWhereTheyAreLarge) {
  const auto factor = [](const std::string& before, const std::string& after) {
    return FactorText({"input", -1, before, after});
  };
  EXPECT_EQ(factor("3", "3000"), "x1,000");
  EXPECT_EQ(factor("3000", "3"), "x1/1,000");
  EXPECT_EQ(factor("1.5", "3"), "x2");
  EXPECT_EQ(factor("3", "1"), "x0.333");
  EXPECT_EQ(factor("0.000001", "1000000000"), "x1,000,000,000,000,000");
  EXPECT_EQ(factor("3", "0"), "x0");
  EXPECT_EQ(factor("0", "3"), "");
  EXPECT_EQ(factor("", "3"), "");
  EXPECT_EQ(factor("3", ""), "");
}

TEST(RatePlan, OnlyMoreThanTenfoldIsALargeMove) {
  const auto is_large = [](const std::string& before, const std::string& after) {
    return IsLarge({"input", -1, before, after});
  };
  EXPECT_FALSE(is_large("1", "10"));
  EXPECT_TRUE(is_large("1", "10.000001"));
  EXPECT_FALSE(is_large("10", "1"));
  EXPECT_TRUE(is_large("10.000001", "1"));
  EXPECT_TRUE(is_large("0", "1"));
  EXPECT_TRUE(is_large("1", "0"));
  EXPECT_FALSE(is_large("0", "0.00"));
  EXPECT_FALSE(is_large("", "1"));
}

TEST(RatePlan, TheLargestMoveOfARateIsToldAndTwentyRatesAtMost) {
  std::string before = "{";
  std::string after = "{";
  for (int i = 0; i < 25; ++i) {
    const char* const comma = i == 0 ? "" : ", ";
    absl::StrAppend(&before, comma, "\"m-", i, "\": {\"input\": 3, \"output\": 4}");
    absl::StrAppend(&after, comma, "\"m-", i, "\": {\"input\": 31, \"output\": 4000}");
  }
  const RatePlan plan = PlanRates(RatesOf(before + "}"), RatesOf(after + "}"), kNowUs);
  const std::vector<std::string> sentences = LargeMoves(plan, NameOf);
  ASSERT_THAT(sentences, SizeIs(21));
  for (const std::string& sentence : sentences) {
    ExpectASentence(sentence);
  }
  EXPECT_EQ(sentences[0],
            "The output price of m-0 moves from $4 to $4000 (x1,000); check the units.");
  EXPECT_EQ(sentences[20], "And 5 more rates with a price that moves more than tenfold.");
}

}  // namespace
}  // namespace itemized::client
