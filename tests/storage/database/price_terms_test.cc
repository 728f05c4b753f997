// SPDX-License-Identifier: Apache-2.0
// Multipliers, contracts and currencies in the bill, and what explains a price or the want of one.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/model/served_as.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kSonnet[] = "claude-sonnet-4-6";

Rate Multiplier(int64_t ppm, const std::string& tier, const std::string& tenant = "") {
  Rate rate = MakeRate(kSonnet, 0, 0);
  rate.prices = {};
  rate.multiplier_ppm = ppm;
  rate.service_tier = tier;
  rate.attribute_key = tenant.empty() ? "" : "tenant";
  rate.attribute_value = tenant;
  return rate;
}

Rate ExchangeRate(const std::string& currency, int64_t picos, int64_t from_us = 0) {
  Rate rate;
  rate.provider = kExchangeProvider;
  rate.match = ModelMatch::Equals(currency);
  rate.prices[kRequestPrice] = picos;
  rate.effective_from_us = from_us;
  return rate;
}

// A call of a thousand tokens, whose id says how it was served.
Call Served(const std::string& tier, const std::string& tenant, const std::string& run = "run") {
  Call call = MakeCall("of-" + tier + "-" + tenant, run, "planning", 1'000);
  if (!tier.empty()) {
    call.attributes.emplace_back(kServiceTierAttribute, tier);
  }
  if (!tenant.empty()) {
    call.attributes.emplace_back("tenant", tenant);
  }
  return call;
}

class PriceTerms : public DatabaseTest {
 protected:
  // What a call of the run "run" costs; "none" if it is unpriced.
  std::string CostOf(const std::string& event_id) {
    for (const BilledCall& billed : Value(db().GetRun("run")).calls) {
      if (billed.call.event_id == event_id) {
        return billed.cost.unpriced ? "none" : std::to_string(billed.cost.picos);
      }
    }
    return "no call";
  }
  std::string ReasonOf(const std::string& event_id) {
    return Value(db().Explain({.event_id = event_id, .workflow_id = "run"})).price.unpriced_reason;
  }
};

TEST_F(PriceTerms, CallsThatArriveAndCallsThatAreThereHaveTheMultipliersOfTierAndTenant) {
  SetRates(
      {MakeRate(kSonnet, 3, 15), Multiplier(500'000, "flex"), Multiplier(800'000, "", "acme")});
  Store({Served("", ""), Served("flex", ""), Served("", "acme"), Served("flex", "other")});
  EXPECT_EQ(CostOf("of--"), "3000");
  EXPECT_EQ(CostOf("of-flex-"), "2000");  // 1.5 pico-dollars a token are 2.
  EXPECT_EQ(CostOf("of--acme"), "2000");  // 2.4 are 2.
  EXPECT_EQ(CostOf("of-flex-other"), "2000");
  EXPECT_EQ(Value(db().SetRates({Multiplier(100'000, "", "acme")})).repriced_calls, 1);
  EXPECT_EQ(CostOf("of--acme"), "0");
  EXPECT_EQ(Value(db().SetRates({Multiplier(2'000'000, "flex")})).repriced_calls, 2);
  EXPECT_EQ(CostOf("of-flex-other"), "6000");
}

TEST_F(PriceTerms,
       AContractThatComesLaterPricesTheCallsOfTheTenantAndGoingItGivesTheListPriceBack) {
  SetRates({MakeRate(kSonnet, 10, 15)});
  Store({Served("", "acme"), Served("", "other"), Served("", "")});
  EXPECT_EQ(Value(db().SetRates({Multiplier(800'000, "", "acme")})).repriced_calls, 1);
  EXPECT_EQ(CostOf("of--acme"), "8000");
  Reopen();
  EXPECT_EQ(Value(db().RemoveRates({{.match = ModelMatch::Equals(kSonnet),
                                     .attribute_key = "tenant",
                                     .attribute_value = "acme",
                                     .is_multiplier = true}}))
                .repriced_calls,
            1);
  EXPECT_EQ(CostOf("of--acme"), "10000");
  EXPECT_EQ(db().ListRates().size(), 1U);
}

TEST_F(PriceTerms, AMultiplierAndThePricesOfTheSameModelAreTwoRates) {
  SetRates({MakeRate(kSonnet, 10, 15), Multiplier(900'000, "")});
  Store({Served("", "")});
  EXPECT_EQ(CostOf("of--"), "9000");
  EXPECT_EQ(Value(db().RemoveRates({{.match = ModelMatch::Equals(kSonnet)}})).repriced_calls, 1);
  EXPECT_EQ(CostOf("of--"), "none");
  EXPECT_EQ(db().ListRates().size(), 1U);
}

TEST_F(PriceTerms, AnExchangeRatePricesTheCallsOfItsDatesAndOnlyModelsInItsCurrency) {
  Rate euro = MakeRate(kSonnet, 1'000, 15);
  euro.currency = "EUR";
  Call late = Served("", "");
  Call early = Served("", "early");
  early.time_us = kNowUs - kMicrosPerDay;
  Call other = Served("", "usd");
  other.model = "gpt-5";
  SetRates({euro, MakeRate("gpt-5", 7, 7)});
  Store({late, early, other});
  EXPECT_EQ(CostOf("of--"), "none");
  EXPECT_EQ(ReasonOf("of--"), "no exchange rate for EUR");
  EXPECT_EQ(Value(db().SetRates({ExchangeRate("EUR", 1'085'000'000'000, kNowUs)})).repriced_calls,
            1);
  EXPECT_EQ(CostOf("of--"), "1085000");
  EXPECT_EQ(CostOf("of--early"), "none");
  EXPECT_EQ(Value(db().SetRates({ExchangeRate("EUR", 2'000'000'000'000)})).repriced_calls, 1);
  EXPECT_EQ(CostOf("of--early"), "2000000");
  EXPECT_EQ(CostOf("of--usd"), "7000");
  const RateChange gone = Value(db().RemoveRates({{.provider = kExchangeProvider,
                                                   .match = ModelMatch::Equals("EUR"),
                                                   .effective_from_us = kNowUs}}));
  EXPECT_EQ(gone.repriced_calls, 1);
  EXPECT_EQ(CostOf("of--"), "2000000");
}

TEST_F(PriceTerms, EachUnpricedCallHasItsReason) {
  Rate later = MakeRate("later", 1, 1, kNowUs + 1);
  Rate by_night = MakeRate("by-night", 1, 1);
  by_night.hours = {.from_s = 3'600, .to_s = 7'200};
  Rate region = MakeRate(kSonnet, 1, 1);
  region.region = "eu";
  SetRates({MakeRate(kSonnet, 3, 15), later, by_night, region});
  std::vector<Call> calls = {Served("flex", ""),     Served("", "region"), Served("flex", "region"),
                             Served("", "unknown"),  Served("", "later"),  Served("", "by-night"),
                             Served("", "no-usage"), Served("", "search")};
  calls[1].attributes.emplace_back(kRegionAttribute, "us");
  calls[2].attributes.emplace_back(kRegionAttribute, "us");
  calls[3].model = "mystery-1";
  calls[4].model = "later";
  calls[5].model = "by-night";
  calls[6].usage.reset();
  (*calls[7].usage)[UsageClass::kWebSearches] = 2;
  Store(calls);
  const RunAnswer run = Value(db().GetRun("run"));
  ASSERT_EQ(run.unpriced_calls, 8);
  std::vector<std::string> reasons;
  for (const Call& call : calls) {
    reasons.push_back(ReasonOf(call.event_id));
    for (const BilledCall& billed : run.calls) {
      EXPECT_TRUE(billed.call.event_id != call.event_id ||
                  billed.unpriced_reason == reasons.back());
    }
  }
  EXPECT_THAT(reasons,
              ElementsAre("no rate for service tier flex", "no rate for region us",
                          "no rate for service tier flex in region us", "no rate for the model",
                          "no rate at that time", "no rate at that time", "no usage",
                          "no price for web_searches"));
}

TEST_F(PriceTerms, AnExplanationAddsUpToTheStoredCostAndNamesEveryRate) {
  Rate rate = MakeRate("claude-sonnet", 1'000, 5'000);
  rate.match.kind = ModelMatch::Kind::kStartsWith;
  RateTier tier{.input_tokens_over = 500, .prices = {}};
  SetPrice(&tier.prices, UsageClass::kInput, 2'001);
  rate.tiers = {tier};
  rate.source = "the list";
  Rate acme = Multiplier(800'000, "", "acme");
  acme.provider = "anthropic";
  SetRates({rate, Multiplier(500'000, "flex"), acme});
  Call call = Served("flex", "acme");
  call.model = "claude-sonnet-4-6-20260217";
  call.provider = "";
  (*call.usage)[UsageClass::kOutput] = 10;
  Store({call});
  const ExplainAnswer answer = Value(db().Explain({.event_id = call.event_id}));
  EXPECT_THAT(answer.runs, ElementsAre("run"));
  const PriceExplanation& price = answer.price;
  EXPECT_EQ(price.base->rate.source, "the list");
  EXPECT_EQ(price.base->form.model, "claude-sonnet-4-6-20260217");
  EXPECT_EQ(price.tier_input_tokens_over, 500);
  EXPECT_THAT(price.contracts, ElementsAre(std::pair("tenant", "acme")));
  ASSERT_EQ(price.multipliers.size(), 2U);
  EXPECT_EQ(price.multipliers[0].rate.service_tier, "flex");
  EXPECT_EQ(price.multipliers[1].rate.attribute_value, "acme");
  EXPECT_EQ(price.multipliers[1].form.model, kSonnet);
  EXPECT_EQ(price.multipliers[1].form.provider, "anthropic");
  // 2,001 x 0.5 is 1,000.5, so 1,000; x 0.8 is 800. 5,000 x 0.5 x 0.8 is 2,000.
  ASSERT_EQ(price.lines.size(), 2U);
  EXPECT_EQ(price.lines[0].list_price, 2'001);
  EXPECT_EQ(*price.lines[0].price, Picos{800});
  EXPECT_EQ(*price.lines[1].price, Picos{2'000});
  EXPECT_EQ(*price.cost, Picos{1'000 * 800 + 10 * 2'000});
  EXPECT_EQ(*price.cost, Picos{answer.call.cost.picos});
  EXPECT_EQ(price.unpriced_reason, "");
}

TEST_F(PriceTerms, ACallToBeExplainedIsFoundInAnyRunUntilItIsRetracted) {
  SetSonnetRate();
  Store({Served("", "a", "run-2"), Served("", "a", "run-1"), Served("", "b", "run-1")});
  EXPECT_THAT(Value(db().Explain({.event_id = "of--a"})).runs, ElementsAre("run-1", "run-2"));
  EXPECT_EQ(Value(db().Explain({.event_id = "of--a"})).call.call.workflow_id, "run-1");
  EXPECT_EQ(
      Value(db().Explain({.event_id = "of--a", .workflow_id = "run-2"})).call.call.workflow_id,
      "run-2");
  EXPECT_EQ(Value(db().Retract({{"run-1", "of--a"}})), 1);
  EXPECT_THAT(Value(db().Explain({.event_id = "of--a"})).runs, ElementsAre("run-2"));
  for (const ExplainQuery& unknown : {ExplainQuery{.event_id = "none"},
                                      {.event_id = "of--a", .workflow_id = "run-1"},
                                      {.event_id = "of--a", .workflow_id = "no run"}}) {
    EXPECT_EQ(db().Explain(unknown).status().code(), absl::StatusCode::kNotFound);
  }
  EXPECT_EQ(db().Explain({.event_id = ""}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PriceTerms, MissingRatesStandByTokensWithTheReasonAndTheNearestNames) {
  SetRates({MakeRate(kSonnet, 3, 15), MakeRate("gpt-5-mini", 1, 1)});
  Call unknown = Served("", "unknown");
  unknown.model = "gpt-5-mni";
  unknown.usage->counts[0] = 5'000;
  Call route = Served("", "route");
  route.provider = "";
  route.model = "azure/claude-sonet-4-6";
  Call no_usage = Served("", "no-usage");
  no_usage.model = "mystery-1";
  no_usage.usage.reset();
  Call flex = Served("flex", "");
  (*flex.usage)[UsageClass::kOutput] = 500;
  Store({unknown, flex, Served("flex", "again"), Served("", ""), route, no_usage});
  const MissingRatesAnswer missing = Value(db().MissingRates(Always()));
  ASSERT_EQ(missing.rows.size(), 3U);
  EXPECT_EQ(missing.rows[0].model, "gpt-5-mni");
  EXPECT_EQ(missing.rows[0].tokens, Picos{5'000});
  EXPECT_EQ(missing.rows[0].reason, "no rate for the model");
  EXPECT_THAT(missing.rows[0].nearest, ElementsAre("gpt-5-mini"));
  EXPECT_EQ(missing.rows[1].service_tier, "flex");
  EXPECT_EQ(missing.rows[1].calls, 2);
  EXPECT_EQ(missing.rows[1].tokens, Picos{2'500});
  EXPECT_EQ(missing.rows[1].reason, "no rate for service tier flex");
  EXPECT_THAT(missing.rows[2].nearest, ElementsAre(kSonnet));
  // A rate that comes later takes its calls off the list.
  SetRates({Multiplier(500'000, "flex"), MakeRate("gpt-5-mni", 1, 1)});
  EXPECT_EQ(Value(db().MissingRates(Always())).rows.size(), 1U);
  EXPECT_FALSE(db().ListUnpriced()[0].has_rate);
}

}  // namespace
}  // namespace itemized::testing
