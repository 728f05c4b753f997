// SPDX-License-Identifier: Apache-2.0
#include "server/convert/rates.h"

#include <cctype>
#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using google::protobuf::util::MessageDifferencer;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// Makes one rate for "m" whose input price is `input`.
pb::SetRatesRequest RateOf(const std::string& input) {
  pb::SetRatesRequest request;
  pb::Rate* rate = request.add_rates();
  rate->mutable_match()->set_equals("m");
  rate->mutable_prices()->set_input(input);
  return request;
}

std::string Refusal(const pb::SetRatesRequest& request) {
  const auto rates = ToRates(request);
  EXPECT_EQ(rates.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string sentence(rates.status().message());
  EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence.front()))) << sentence;
  EXPECT_THAT(sentence, EndsWith("."));
  return sentence;
}

TEST(Rates, PricesBecomePicosAUnit) {
  pb::SetRatesRequest request = RateOf("3.00");
  pb::Prices* prices = request.mutable_rates(0)->mutable_prices();
  prices->set_cache_read("0.000001");
  prices->set_web_search("10");
  prices->set_request("0.000000001");
  const auto rates = ToRates(request);
  ASSERT_TRUE(rates.ok()) << rates.status();
  const Prices& got = rates->at(0).prices;
  // USD 3 for 10^6 tokens is 3 x 10^12 / 10^6 pico-dollars a token.
  EXPECT_EQ(got[static_cast<size_t>(UsageClass::kInput)], 3'000'000);
  EXPECT_EQ(got[static_cast<size_t>(UsageClass::kCacheRead)], 1);
  EXPECT_EQ(got[static_cast<size_t>(UsageClass::kWebSearches)], 10'000'000'000);
  EXPECT_EQ(got[kRequestPrice], 1);
  EXPECT_EQ(got[static_cast<size_t>(UsageClass::kOutput)], std::nullopt);
}

TEST(Rates, APriceOfZeroIsAPrice) {
  EXPECT_EQ(ToRates(RateOf("0"))->at(0).prices[0], 0);
}

TEST(Rates, ErrorsNameTheRateAndTheField) {
  EXPECT_THAT(Refusal(RateOf("0.0000001")), HasSubstr("rates[0] (m).prices.input"));
  EXPECT_THAT(Refusal(RateOf("three")), HasSubstr("rates[0] (m).prices.input"));
  EXPECT_THAT(Refusal(RateOf("-1")), HasSubstr("rates[0] (m).prices.input is -1;"));
  EXPECT_THAT(Refusal(RateOf("1000000001")), HasSubstr("from 0 to 1000000000 USD per million"));
  pb::SetRatesRequest tier = RateOf("1");
  tier.add_rates()->mutable_match()->set_starts_with("n");
  tier.mutable_rates(1)->add_tiers();
  tier.mutable_rates(1)->add_tiers()->mutable_prices()->set_output("x");
  EXPECT_THAT(Refusal(tier), HasSubstr("rates[1].tiers[1].prices.output"));
  pb::SetRatesRequest no_match;
  no_match.add_rates();
  EXPECT_THAT(Refusal(no_match), HasSubstr("rates[0].match is not set"));
}

TEST(Rates, TermsAndExchangeRatesThatWereSetAreListedAgainApartFromEachOther) {
  pb::SetRatesRequest request = RateOf("3");
  request.mutable_rates(0)->set_currency("EUR");
  request.mutable_rates(0)->set_origin(pb::RATE_ORIGIN_USER);
  pb::Rate& multiplier = *request.add_rates();
  multiplier = request.rates(0);
  multiplier.clear_prices();
  multiplier.clear_currency();
  multiplier.set_multiplier("0.8");
  multiplier.set_attribute_key("tenant");
  multiplier.set_attribute_value("acme");
  pb::ExchangeRate& exchange = *request.add_exchange_rates();
  exchange.set_currency("EUR");
  exchange.set_usd("1.085");
  exchange.set_effective_from_unix_us(17);
  exchange.set_source("a bank");
  const auto rates = ToRates(request);
  ASSERT_TRUE(rates.ok()) << rates.status();
  ASSERT_EQ(rates->size(), 3U);
  const pb::ListRatesResponse listed = ToListRatesResponse(*rates, {}, true);
  ASSERT_EQ(listed.rates_size(), 2);
  EXPECT_TRUE(MessageDifferencer::Equals(listed.rates(0), request.rates(0)));
  EXPECT_TRUE(MessageDifferencer::Equals(listed.rates(1), request.rates(1)))
      << listed.DebugString();
  ASSERT_EQ(listed.exchange_rates_size(), 1);
  EXPECT_TRUE(MessageDifferencer::Equals(listed.exchange_rates(0), exchange));
}

TEST(Rates, TermsThatCannotBeReadAreRefusedByTheirPlace) {
  pb::SetRatesRequest request = RateOf("3");
  for (const char* multiplier : {"0", "-1", "1000.1", "0.1234567", "half"}) {
    request.mutable_rates(0)->set_multiplier(multiplier);
    EXPECT_THAT(Refusal(request), HasSubstr("rates[0] (m).multiplier is \""));
  }
  request.Clear();
  request.add_exchange_rates()->set_currency("EUR");
  for (const char* usd : {"", "0", "-1", "one", "1001"}) {
    request.mutable_exchange_rates(0)->set_usd(usd);
    EXPECT_THAT(Refusal(request), HasSubstr("exchange_rates[0].usd"));
  }
  request = RateOf("3");
  request.mutable_rates(0)->set_provider("itemized.exchange");
  EXPECT_THAT(Refusal(request), HasSubstr("stands for exchange rates"));
  request = RateOf("3");
  request.mutable_rates(0)->set_currency("usd");
  EXPECT_EQ(ToRates(request)->front().currency, "");
}

TEST(Rates, WhatWasSetIsListedAgain) {
  pb::SetRatesRequest request;
  pb::Rate* rate = request.add_rates();
  rate->set_provider("openai");
  rate->set_effective_from_unix_us(17);
  rate->set_source("a page");
  rate->set_origin(pb::RATE_ORIGIN_USER);
  rate->set_service_tier("flex");
  rate->set_region("us");
  rate->mutable_hours()->set_from_second(1'800);
  rate->mutable_hours()->set_to_second(59'400);
  pb::ModelMatch::List* parts = rate->mutable_match()->mutable_any_of();
  parts->add_matches()->set_equals("a");
  parts->add_matches()->set_starts_with("b");
  parts->add_matches()->set_ends_with("c");
  parts->add_matches()->set_contains("d");
  parts->add_matches()->mutable_all_of()->add_matches()->set_regex("e");
  const pb::Prices example = RateOf("0.15").rates(0).prices();
  pb::Prices* prices = rate->mutable_prices();
  for (int i = 0; i < prices->GetDescriptor()->field_count(); ++i) {
    prices->GetReflection()->SetString(prices, prices->GetDescriptor()->field(i),
                                       "0." + std::to_string(100 + i) + "1");
  }
  pb::RateTier* tier = rate->add_tiers();
  tier->set_input_tokens_over(200'000);
  *tier->mutable_prices() = example;

  const auto rates = ToRates(request);
  ASSERT_TRUE(rates.ok()) << rates.status();
  const pb::ListRatesResponse listed = ToListRatesResponse(*rates, {{"p", "m", 5}}, true);
  ASSERT_EQ(listed.rates_size(), 1);
  EXPECT_TRUE(MessageDifferencer::Equals(listed.rates(0), request.rates(0)))
      << listed.DebugString();
  EXPECT_EQ(listed.unpriced(0).model(), "m");
  EXPECT_EQ(listed.unpriced(0).calls(), 5);
}

}  // namespace
}  // namespace itemized::server
