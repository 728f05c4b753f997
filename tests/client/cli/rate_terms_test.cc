// SPDX-License-Identifier: Apache-2.0
// Multipliers, contracts and exchange rates on the command line, and what explains a price.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The rate that `rates set` with these words sends.
pb::Rate RateSet(FakeServer& server, std::vector<std::string> words) {
  words.insert(words.begin(), {"rates", "set"});
  const Outcome outcome = RunAt(server.address(), words);
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  return server.set_rates.request.rates_size() == 1 ? server.set_rates.request.rates(0)
                                                    : pb::Rate();
}

TEST(RateTerms, AMultiplierForATierOrAnAttributeIsSentInsteadOfPrices) {
  FakeServer server;
  pb::Rate rate = RateSet(server, {"gpt-5", "--multiplier", "0.5", "--service-tier", "flex"});
  EXPECT_EQ(rate.match().equals(), "gpt-5");
  EXPECT_EQ(rate.multiplier(), "0.5");
  EXPECT_EQ(rate.service_tier(), "flex");
  EXPECT_EQ(rate.prices().ByteSizeLong(), 0U);
  rate = RateSet(server, {"--provider", "openai", "--discount", "20%", "--attribute",
                          "tenant=acme=x", "--region", "us"});
  EXPECT_EQ(rate.match().regex(), "^");
  EXPECT_EQ(rate.provider(), "openai");
  EXPECT_EQ(rate.multiplier(), "0.8");
  EXPECT_EQ(rate.attribute_key(), "tenant");
  EXPECT_EQ(rate.attribute_value(), "acme=x");
  EXPECT_EQ(rate.region(), "us");
  EXPECT_EQ(RateSet(server, {"*", "--discount", "12.5"}).multiplier(), "0.875");
  EXPECT_EQ(RateSet(server, {"m", "--input", "3", "--currency", "EUR"}).currency(), "EUR");
}

TEST(RateTerms, WhatMakesNoSenseIsRefusedBeforeItIsSent) {
  FakeServer server;
  const auto refusal = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"rates", "set"});
    const Outcome outcome = RunAt(server.address(), words);
    EXPECT_EQ(outcome.exit_status, 2);
    return outcome.err;
  };
  EXPECT_THAT(refusal({"m", "--multiplier", "0.5", "--input", "3"}),
              HasSubstr("leave one of them"));
  EXPECT_THAT(refusal({"m", "--multiplier", "0.5", "--discount", "3"}), HasSubstr("not both"));
  EXPECT_THAT(refusal({"m", "--discount", "100%"}), HasSubstr("from 0 to below 100"));
  EXPECT_THAT(refusal({"m", "--discount", "-1"}), HasSubstr("from 0 to below 100"));
  EXPECT_THAT(refusal({"m", "--multiplier", "0"}), HasSubstr("above 0"));
  EXPECT_THAT(refusal({"m", "--multiplier", "0.1234567"}), HasSubstr("six decimals"));
  EXPECT_THAT(refusal({"m", "--input", "3", "--attribute", "acme"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refusal({"--input", "3"}), HasSubstr("MODEL is missing"));
  EXPECT_THAT(refusal({"--discount", "3"}), HasSubstr("MODEL is missing"));
}

TEST(RateTerms, TheListShowsFactorsConditionsAndExchangeRates) {
  FakeServer server;
  pb::Rate& rate = *server.list_rates.response.add_rates();
  rate.mutable_match()->set_regex("^");
  rate.set_provider("openai");
  rate.set_multiplier("0.8");
  rate.set_service_tier("flex");
  rate.set_attribute_key("tenant");
  rate.set_attribute_value("acme");
  pb::ExchangeRate& exchange = *server.list_rates.response.add_exchange_rates();
  exchange.set_currency("EUR");
  exchange.set_usd("1.085");
  exchange.set_effective_from_unix_us(kTestNowUs);
  const std::string out = RunAt(server.address(), {"rates", "list"}).out;
  EXPECT_THAT(out, AllOf(HasSubstr("* [flex, tenant=acme]"), HasSubstr("FACTOR"), HasSubstr("0.8"),
                         HasSubstr("Exchange rates:"), HasSubstr("2026-11-01"), HasSubstr("1.085"),
                         Not(HasSubstr("CURRENCY  IN"))));
}

TEST(RateTerms, ExchangeRatesAreSetListedAndRemovedByCurrencyAndDate) {
  FakeServer server;
  server.set_rates.response.set_added(1);
  Outcome outcome = RunAt(server.address(), {"rates", "exchange", "set", "eur", "1.0850", "--from",
                                             "2026-11-01", "--source", "ECB"});
  EXPECT_EQ(outcome.out, "added 1, replaced 0, repriced 0 calls\n") << outcome.err;
  const pb::ExchangeRate& set = server.set_rates.request.exchange_rates(0);
  EXPECT_EQ(set.currency(), "EUR");
  EXPECT_EQ(set.usd(), "1.0850");
  EXPECT_EQ(set.effective_from_unix_us(), kTestNowUs);
  EXPECT_EQ(set.source(), "ECB");
  outcome = RunAt(server.address(), {"rates", "exchange", "list"});
  EXPECT_THAT(outcome.out, HasSubstr("There is no exchange rate."));
  *server.list_rates.response.add_exchange_rates() = set;
  outcome = RunAt(server.address(), {"rates", "exchange", "list"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("EUR"), HasSubstr("2026-11-01"), HasSubstr("1.0850")));
  server.remove_rates.response.set_removed(1);
  outcome = RunAt(server.address(), {"rates", "exchange", "remove", "EUR", "--from", "2026-11-01"});
  EXPECT_EQ(outcome.out, "removed 1, repriced 0 calls\n") << outcome.err;
  EXPECT_EQ(server.remove_rates.request.exchange_rates(0).currency(), "EUR");
  EXPECT_EQ(server.remove_rates.request.exchange_rates(0).effective_from_unix_us(), kTestNowUs);
}

TEST(RateTerms, OneOfSeveralRatesOfAModelIsRemovedByWhatItIsFor) {
  FakeServer server;
  for (const char* tier : {"", "flex"}) {
    pb::Rate& rate = *server.list_rates.response.add_rates();
    rate.mutable_match()->set_equals("m");
    rate.set_service_tier(tier);
    rate.mutable_prices()->set_input("1");
  }
  pb::Rate& multiplier = *server.list_rates.response.add_rates();
  multiplier.mutable_match()->set_equals("m");
  multiplier.set_multiplier("0.5");
  EXPECT_THAT(RunAt(server.address(), {"rates", "remove", "m"}).err, HasSubstr("--is-multiplier"));
  server.remove_rates.response.set_removed(1);
  EXPECT_EQ(RunAt(server.address(), {"rates", "remove", "m", "--service-tier", "flex"}).exit_status,
            0);
  EXPECT_EQ(server.remove_rates.request.rates(0).service_tier(), "flex");
  EXPECT_EQ(RunAt(server.address(), {"rates", "remove", "m", "--is-multiplier"}).exit_status, 0);
  EXPECT_TRUE(server.remove_rates.request.rates(0).is_multiplier());
}

pb::ExplainCallResponse Explained() {
  pb::ExplainCallResponse explained;
  explained.mutable_call()->set_event_id("c-1");
  explained.mutable_call()->set_workflow_id("run-1");
  explained.mutable_call()->set_model("azure/gpt-5");
  explained.mutable_call()->set_cost_usd("0.02016");
  pb::HoldingRate& rate = *explained.mutable_rate();
  rate.mutable_rate()->mutable_match()->set_equals("gpt-5");
  rate.mutable_rate()->set_source("the list");
  rate.set_model("gpt-5");
  rate.set_provider("azure");
  rate.set_name_rule("a route before a slash names the provider");
  pb::HoldingRate& multiplier = *explained.add_multipliers();
  multiplier.mutable_rate()->mutable_match()->set_equals("gpt-5");
  multiplier.mutable_rate()->set_multiplier("0.8");
  multiplier.mutable_rate()->set_attribute_key("tenant");
  multiplier.mutable_rate()->set_attribute_value("acme");
  pb::BilledLine& line = *explained.add_lines();
  line.set_usage_class("input_tokens");
  line.set_count(8'400);
  line.set_list_price("3");
  line.set_price_usd("2.4");
  line.set_units(1'000'000);
  line.set_cost_usd("0.02016");
  explained.set_cost_usd("0.02016");
  return explained;
}

TEST(Explain, ShowsTheArithmeticThatAPersonCanCheck) {
  FakeServer server;
  server.explained.response = Explained();
  Outcome outcome = RunAt(server.address(), {"explain", "c-1", "--run", "run-1"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(server.explained.request.event_id(), "c-1");
  EXPECT_EQ(server.explained.request.workflow_id(), "run-1");
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("gpt-5 (set, the list)"), HasSubstr("found as gpt-5 of azure: a route"),
            HasSubstr("x 0.8 by gpt-5 [tenant=acme]"), HasSubstr("8,400"), HasSubstr("$2.40"),
            HasSubstr("$0.02016"), HasSubstr("Sum $0.02016, as it is stored.")));
  EXPECT_THAT(RunAt(server.address(), {"explain", "c-1", "--json"}).out,
              HasSubstr("\"list_price\": \"3\""));
  server.explained.response.set_differs(true);
  server.explained.response.add_runs("run-1");
  server.explained.response.add_runs("run-2");
  outcome = RunAt(server.address(), {"explain", "c-1"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Several runs have a call of that id"),
                                 HasSubstr("run-1, run-2"), HasSubstr("the book has changed")));
}

TEST(Explain, SaysWhyACallHasNoPriceAndThatThereIsNoSuchCall) {
  FakeServer server;
  server.explained.response.mutable_call()->set_unpriced(true);
  server.explained.response.set_unpriced_reason("no rate for the model");
  EXPECT_THAT(RunAt(server.address(), {"explain", "c-1"}).out,
              HasSubstr("Unpriced: no rate for the model."));
  server.explained.status = grpc::Status(grpc::StatusCode::NOT_FOUND, "There is no call \"c\".");
  EXPECT_EQ(RunAt(server.address(), {"explain", "c"}).exit_status, 4);
}

TEST(RatesMissing, ListsModelsWithTheReasonAndTheNearestNames) {
  FakeServer server;
  EXPECT_THAT(RunAt(server.address(), {"rates", "missing"}).out,
              HasSubstr("Every call with usage has a price."));
  pb::MissingRate& row = *server.missing_rates.response.add_rows();
  row.set_model("gpt-5-mni");
  row.set_calls(7);
  row.set_tokens(123'456);
  row.set_reason("no rate for the model");
  row.add_nearest("gpt-5-mini");
  const Outcome outcome = RunAt(server.address(), {"rates", "missing", "--window", "7d"});
  EXPECT_EQ(server.missing_rates.request.window().last_us(), 7 * kMicrosPerDay);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("gpt-5-mni"), HasSubstr("123k"),
                                 HasSubstr("no rate for the model"), HasSubstr("gpt-5-mini")));
}

}  // namespace
}  // namespace itemized::cli
