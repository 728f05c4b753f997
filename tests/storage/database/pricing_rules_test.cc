// SPDX-License-Identifier: Apache-2.0
// What a call costs in the bill, and what happens when rates change.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/model/served_as.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using PricingRules = DatabaseTest;

// A call that reports no usage, in a run of its own that is called as its step.
Call CallWithoutUsage(const std::string& step, CallStatus status) {
  Call call = MakeCall("without-" + step, step, step, 0);
  call.usage.reset();
  call.status = status;
  return call;
}

TEST_F(PricingRules, ACallIsPricedByTheRateOfItsOwnTime) {
  const int64_t change_us = kNowUs - kMicrosPerDay;
  SetRates({MakeRate("claude-sonnet-4-6", 3, 15), MakeRate("claude-sonnet-4-6", 7, 15, change_us)});
  Call before = MakeCall("before", "run", "before", 100);
  before.time_us = change_us - 1;
  Call at = MakeCall("at", "run", "at", 100);
  at.time_us = change_us;
  Store({at, before});  // Late is fine.

  EXPECT_EQ(TopOf("before").sums.cost, Picos{300});
  EXPECT_EQ(TopOf("at").sums.cost, Picos{700});
}

TEST_F(PricingRules, ARateThatArrivesLatePricesEarlierCalls) {
  Store({MakeCall("c-1", "run", "planning", 1'000, 10), MakeCall("c-2", "run", "planning", 500)});
  EXPECT_EQ(Top().total.unpriced_calls, 2);

  const RateChange change =
      Value(db().SetRates({MakeRate("claude-sonnet-4-6", kSonnetIn, kSonnetOut)}));
  EXPECT_EQ(change.added, 1);
  EXPECT_EQ(change.replaced, 0);
  EXPECT_EQ(change.repriced_calls, 2);
  EXPECT_EQ(Top().total.unpriced_calls, 0);
  EXPECT_EQ(TotalCost(), Picos{4'650'000'000});
  EXPECT_TRUE(db().ListUnpriced().empty());
}

TEST_F(PricingRules, ReplacingARatePricesEarlierCallsAgainAndOnlyThoseItCovers) {
  Call other = MakeCall("c-2", "run", "other", 1'000);
  other.model = "gpt-5";
  SetRates({MakeRate("claude-sonnet-4-6", 3, 15), MakeRate("gpt-5", 2, 8)});
  Store({MakeCall("c-1", "run", "planning", 1'000), other});

  const RateChange change = Value(db().SetRates({MakeRate("claude-sonnet-4-6", 4, 15)}));
  EXPECT_EQ(change.added, 0);
  EXPECT_EQ(change.replaced, 1);
  EXPECT_EQ(change.repriced_calls, 1);
  EXPECT_EQ(TopOf("planning").sums.cost, Picos{4'000});
  EXPECT_EQ(TopOf("other").sums.cost, Picos{2'000});
  EXPECT_EQ(TopOf("planning").p50_cost, 4'000);
}

TEST_F(PricingRules, ARateFromALaterInstantLeavesEarlierCallsAsTheyWere) {
  SetSonnetRate();
  Store({MakeCall("c-1", "run", "planning", 1'000)});
  const RateChange change = Value(db().SetRates({MakeRate("claude-sonnet-4-6", 1, 1, kNowUs + 1)}));
  EXPECT_EQ(change.repriced_calls, 0);
  EXPECT_EQ(TotalCost(), Picos{3'000'000'000});
}

TEST_F(PricingRules, TheTierIsACliffAndStrict) {
  Rate rate = MakeRate("claude-sonnet-4-6", 3, 15);
  RateTier tier{.input_tokens_over = 1'000, .prices = {}};
  SetPrice(&tier.prices, UsageClass::kInput, 6);  // Output has no price here: the base holds.
  rate.tiers = {tier};
  SetRates({rate});
  Call cached = MakeCall("c", "run", "cached", 400, 10);
  (*cached.usage)[UsageClass::kCacheRead] = 601;
  Store({MakeCall("a", "run", "at", 1'000, 10), MakeCall("b", "run", "above", 1'001, 10), cached});

  EXPECT_EQ(TopOf("at").sums.cost, Picos{3'150});
  EXPECT_EQ(TopOf("above").sums.cost, Picos{6'156});   // All 1,001 tokens at the tier's price.
  EXPECT_EQ(TopOf("cached").sums.cost, Picos{6'156});  // Cached input counts for the tier.
}

TEST_F(PricingRules, ReasoningIsPartOfOutputUnlessItHasAPrice) {
  Call call = MakeCall("c", "run", "planning", 0, 100);
  (*call.usage)[UsageClass::kReasoning] = 60;
  SetRates({MakeRate("claude-sonnet-4-6", 3, 15)});
  Store({call});
  EXPECT_EQ(TotalCost(), Picos{1'500});

  Rate priced = MakeRate("claude-sonnet-4-6", 3, 15);
  SetPrice(&priced.prices, UsageClass::kReasoning, 40);
  SetRates({priced});
  EXPECT_EQ(TotalCost(), Picos{60 * 40 + 40 * 15});
}

TEST_F(PricingRules, AClassWithoutAPriceIsBilledAsTheOneItIsPartOf) {
  Call call = MakeCall("c", "run", "planning", 0, 0);
  (*call.usage)[UsageClass::kCacheWrite1h] = 1;
  (*call.usage)[UsageClass::kCacheReadAudio] = 10;
  (*call.usage)[UsageClass::kOutputImage] = 100;
  Rate rate = MakeRate("claude-sonnet-4-6", 3, 15);
  SetRates({rate});
  Store({call});
  EXPECT_EQ(TotalCost(), Picos{3 + 30 + 1'500});

  SetPrice(&rate.prices, UsageClass::kCacheWrite5m, 4);
  SetPrice(&rate.prices, UsageClass::kCacheRead, 1);
  SetRates({rate});
  EXPECT_EQ(TotalCost(), Picos{4 + 10 + 1'500});
}

TEST_F(PricingRules, ThePriceOfTheRequestIsAddedOncePerCall) {
  Rate rate = MakeRate("claude-sonnet-4-6", 3, 15);
  rate.prices[kRequestPrice] = 10'000;
  SetRates({rate});
  Store({MakeCall("a", "run", "planning", 1), MakeCall("b", "run", "planning", 0)});
  EXPECT_EQ(TotalCost(), Picos{10'003 + 10'000});
  EXPECT_EQ(Top().total.unpriced_calls, 0);
}

TEST_F(PricingRules, SearchesWithoutAPriceLeaveTheCallUnpriced) {
  Call call = MakeCall("c", "run", "planning", 10);
  (*call.usage)[UsageClass::kWebSearches] = 1;
  SetSonnetRate();
  Store({call});
  EXPECT_EQ(Top().total.unpriced_calls, 1);
  EXPECT_EQ(TotalCost(), Picos{0});
}

TEST_F(PricingRules, AnUnpricedCallIsCountedWithItsTokensAndNeverTakenForZeroDollars) {
  SetSonnetRate();
  Call unknown = MakeCall("c-2", "run", "planning", 777, 7);
  unknown.model = "mystery-1";
  Store({MakeCall("c-1", "run", "planning", 1'000), unknown});

  const TopRow row = TopOf("planning");
  EXPECT_EQ(row.sums.calls, 2);
  EXPECT_EQ(row.sums.unpriced_calls, 1);
  EXPECT_EQ(row.sums.usage[UsageClass::kInput], 1'777);
  EXPECT_EQ(row.p50_cost, 3'000'000'000);  // An unpriced call does not count as 0.
  const std::vector<UnpricedModel> unpriced = db().ListUnpriced();
  ASSERT_EQ(unpriced.size(), 1U);
  EXPECT_EQ(unpriced[0].provider, "anthropic");
  EXPECT_EQ(unpriced[0].model, "mystery-1");
  EXPECT_EQ(unpriced[0].calls, 1);
  EXPECT_TRUE(Value(db().GetRun("run")).calls[1].cost.unpriced ||
              Value(db().GetRun("run")).calls[0].cost.unpriced);
}

TEST_F(PricingRules, AFailedCallThatReportsNoUsageIsFreeAlsoWithoutARate) {
  Store({CallWithoutUsage("failed", CallStatus::kError)});
  const TopRow row = TopOf("failed");
  EXPECT_EQ(row.sums.calls, 1);
  EXPECT_EQ(row.sums.unpriced_calls, 0);
  EXPECT_EQ(row.sums.usage_missing_calls, 0);
  EXPECT_EQ(row.sums.cost, Picos{0});
  EXPECT_EQ(Outliers().unjudged_calls, 0);
  EXPECT_TRUE(db().ListUnpriced().empty());
  const RunAnswer run = Value(db().GetRun("failed"));
  EXPECT_EQ(run.unpriced_calls, 0);
  EXPECT_EQ(run.calls.at(0).cost, (CallCost{.picos = 0, .unpriced = false}));
  EXPECT_FALSE(run.calls.at(0).call.usage.has_value());
  SetSonnetRate();
  EXPECT_EQ(Top().total.unpriced_calls, 0);
}

TEST_F(PricingRules, ACallThatWentWellOrWasCancelledIsUnpricedWithoutUsage) {
  SetSonnetRate();
  Store({CallWithoutUsage("ok", CallStatus::kOk),
         CallWithoutUsage("cancelled", CallStatus::kCancelled)});
  EXPECT_EQ(TopOf("ok").sums.usage_missing_calls, 1);
  EXPECT_EQ(TopOf("cancelled").sums.usage_missing_calls, 1);
}

TEST_F(PricingRules, AFailedCallWhoseUsageCouldNotBeCountedIsNotFree) {
  Call unknown = CallWithoutUsage("unknown", CallStatus::kError);
  unknown.usage_unknown = true;
  Store({unknown});
  EXPECT_EQ(TopOf("unknown").sums.usage_missing_calls, 1);
  SetSonnetRate();
  EXPECT_EQ(TopOf("unknown").sums.unpriced_calls, 1);
  EXPECT_TRUE(Value(db().GetRun("unknown")).calls.at(0).call.usage_unknown);
}

TEST_F(PricingRules, AFailedCallWithUsageIsPricedAsAny) {
  SetSonnetRate();
  Call failed = MakeCall("c", "run", "planning", 1'000);
  failed.status = CallStatus::kError;
  Store({failed});
  EXPECT_EQ(TopOf("planning").sums.cost, Picos{3'000'000'000});
}

TEST_F(PricingRules, FreeFailedCallsAreInNoMedian) {
  SetSonnetRate();
  Store({MakeCall("a", "run", "planning", 1'000)});
  for (int i = 0; i < 5; ++i) {
    Call failed = CallWithoutUsage("planning", CallStatus::kError);
    failed.event_id += std::to_string(i);
    Store({failed});
  }
  const TopRow row = TopOf("planning");
  EXPECT_EQ(row.sums.calls, 6);
  EXPECT_EQ(row.rated_calls, 1);
  EXPECT_EQ(row.p50_cost, 3'000'000'000);
}

TEST_F(PricingRules, ACallWithoutUsageIsNotACallWithZeroUsage) {
  SetSonnetRate();
  Call missing = MakeCall("missing", "run-1", "missing", 0);
  missing.usage.reset();
  Store({missing, MakeCall("zero", "run-2", "zero", 0)});

  EXPECT_EQ(TopOf("missing").sums.unpriced_calls, 1);
  EXPECT_EQ(TopOf("zero").sums.unpriced_calls, 0);
  EXPECT_FALSE(Value(db().GetRun("run-1")).calls.at(0).call.usage.has_value());
  EXPECT_TRUE(Value(db().GetRun("run-2")).calls.at(0).call.usage.has_value());
  EXPECT_EQ(Value(db().GetRun("run-1")).unpriced_calls, 1);
}

TEST_F(PricingRules, ARateForTheProviderGoesBeforeOneForAnyAndANameBeforeAPattern) {
  Rate pattern = MakeRate("claude-", 1, 1, kNowUs - 1);
  pattern.match.kind = ModelMatch::Kind::kStartsWith;
  Rate longer = MakeRate("claude-sonnet", 2, 2);
  longer.match.kind = ModelMatch::Kind::kStartsWith;
  Store({MakeCall("c", "run", "planning", 10)});
  SetRates({pattern});
  EXPECT_EQ(TotalCost(), Picos{10});
  SetRates({longer});  // Longer, though from an earlier instant.
  EXPECT_EQ(TotalCost(), Picos{20});
  SetRates({MakeRate("claude-sonnet-4-6", 3, 3)});
  EXPECT_EQ(TotalCost(), Picos{30});
  pattern.provider = "anthropic";
  SetPrice(&pattern.prices, UsageClass::kInput, 4);
  SetRates({pattern});
  EXPECT_EQ(TotalCost(), Picos{40});
}

TEST_F(PricingRules, RatesArePutInAllOrNone) {
  Store({MakeCall("c", "run", "planning", 10)});
  Rate bad = MakeRate("gpt-5", -1, 1);
  const auto result = db().SetRates({MakeRate("claude-sonnet-4-6", 3, 15), bad});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(db().ListRates().empty());
  EXPECT_EQ(Top().total.unpriced_calls, 1);
}

// 2^40 tokens at 1,000 USD: what a rate makes of earlier calls must not wrap.
TEST_F(PricingRules, ARateThatMakesAnEarlierCallCostTooMuchNeverGivesANegativeTotal) {
  Store({MakeCall("c", "run", "planning", int64_t{1} << 40), MakeCall("d", "run", "planning", 1)});
  const auto result = db().SetRates({MakeRate("claude-sonnet-4-6", kPriceMaxPicos, 1)});
  const TopAnswer top = Top();
  EXPECT_EQ(top.total.calls, 2);
  EXPECT_EQ(top.total.cost, Picos{result.ok() ? kPriceMaxPicos : 0});
  EXPECT_EQ(top.total.unpriced_calls, result.ok() ? 1 : 2);
}

// A call of a million tokens that was served in this tier and region, which may be "".
Call ServedCall(const std::string& tier, const std::string& region) {
  Call call = MakeCall("served-" + tier + "-" + region, "run-served", "planning", 1'000'000);
  call.attributes.emplace_back(std::string(kRegionAttribute), region);
  call.attributes.emplace_back(std::string(kServiceTierAttribute), tier);
  return call;
}

TEST_F(PricingRules, ACallOfAnotherTierOrRegionHasNoPriceUntilARateIsForIt) {
  SetRates({MakeRate("claude-sonnet-4-6", 3, 15)});
  Store({ServedCall("standard", "global"), ServedCall("flex", ""), ServedCall("", "us")});
  const Window always = Window::Of({0, 2 * kNowUs});
  TopAnswer top = Value(db().Top({.window = always}));
  EXPECT_EQ(top.total.cost, Picos{3'000'000});
  EXPECT_EQ(top.total.unpriced_calls, 2);
  Rate flex = MakeRate("claude-sonnet-4-6", 2, 8);
  flex.service_tier = "flex";
  EXPECT_EQ(Value(db().SetRates({flex})).repriced_calls, 1);
  Rate region = MakeRate("claude-sonnet-4-6", 4, 20);
  region.region = "us";
  EXPECT_EQ(Value(db().SetRates({region})).repriced_calls, 1);
  top = Value(db().Top({.window = always}));
  EXPECT_EQ(top.total.cost, Picos{9'000'000});
  EXPECT_EQ(top.total.unpriced_calls, 0);
  Store({MakeCall("plain", "run-plain", "planning", 1'000'000)});
  EXPECT_EQ(Value(db().Top({.window = always})).total.cost, Picos{12'000'000});
}

}  // namespace
}  // namespace itemized::testing
