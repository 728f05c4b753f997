// SPDX-License-Identifier: Apache-2.0
// The price list that the build put into the program: whether it is whole, and a few prices that
// providers have published.

#include "proto/bundled_rates.h"

#include <set>
#include <string>

#include "itemized/v1/rates.pb.h"
#include <gtest/gtest.h>

#include "server/convert/rates.h"
#include "storage/base/time.h"
#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

RateBook BundledBook() {
  v1::SetRatesRequest request;
  EXPECT_TRUE(request.ParseFromArray(kBundledRates.data(), static_cast<int>(kBundledRates.size())));
  absl::StatusOr<std::vector<Rate>> rates = server::ToRates(request);
  EXPECT_TRUE(rates.ok()) << rates.status();
  RateBook book;
  for (Rate& rate : *rates) {
    rate.origin = RateOrigin::kBundled;
    EXPECT_TRUE(book.Set(rate).ok()) << rate.match.ToString();
  }
  return book;
}

// Returns what a million tokens of input and of output cost, in USD, as "3 15".
std::string PricesAt(const RateBook& book, const std::string& provider, const std::string& model,
                     const std::string& time) {
  const Rate* rate = book.Find(provider, model).At(*ParseTime(time));
  if (rate == nullptr) {
    return "none";
  }
  const auto usd = [&](UsageClass usage_class) {
    return FormatUsd(Picos{*rate->prices[static_cast<size_t>(usage_class)]} * 1'000'000);
  };
  return usd(UsageClass::kInput) + " " + usd(UsageClass::kOutput);
}

TEST(BundledRates, AreOfManyProvidersAndModels) {
  std::set<std::string> providers;
  const RateBook book = BundledBook();
  for (const Rate& rate : book.List()) {
    providers.insert(rate.provider);
    EXPECT_EQ(rate.source.rfind("genai-prices ", 0), 0U) << rate.source;
  }
  EXPECT_GE(book.size(), 1'500U);
  EXPECT_GE(providers.size(), 40U);
}

TEST(BundledRates, PriceTheModelsThatAgentsCall) {
  const RateBook book = BundledBook();
  const std::string now = "2026-11-29T10:00:00Z";
  EXPECT_EQ(PricesAt(book, "anthropic", "claude-sonnet-4-6", now), "3 15");
  EXPECT_EQ(PricesAt(book, "anthropic", "claude-haiku-4-5-20251001", now), "1 5");
  EXPECT_EQ(PricesAt(book, "openai", "gpt-5-mini-2025-08-07", now), "0.25 2");
  EXPECT_EQ(PricesAt(book, "", "azure/gpt-5.4", now), "2.5 15");
  EXPECT_EQ(PricesAt(book, "gemini", "models/gemini-2.5-flash", now), "0.3 2.5");
  EXPECT_EQ(PricesAt(book, "bedrock_converse", "us.anthropic.claude-sonnet-4-6-v1:0", now),
            "3.3 16.5");
  EXPECT_EQ(PricesAt(book, "vertex_ai", "claude-sonnet-4-6@20260217", now), "3 15");
}

TEST(BundledRates, KnowDatesAndHoursOfTheDay) {
  const RateBook book = BundledBook();
  EXPECT_EQ(PricesAt(book, "deepseek", "deepseek-chat", "2026-08-20T12:00:00Z"), "0.27 1.1");
  EXPECT_EQ(PricesAt(book, "deepseek", "deepseek-chat", "2026-08-20T20:00:00Z"), "0.135 0.55");
  EXPECT_EQ(PricesAt(book, "deepseek", "deepseek-v4-pro", "2026-08-16T05:00:00Z"), "0.435 0.87");
  EXPECT_EQ(PricesAt(book, "deepseek", "deepseek-v4-pro", "2026-08-17T05:00:00Z"), "0.66 1.98");
  EXPECT_EQ(PricesAt(book, "deepseek", "deepseek-v4-pro", "2026-08-17T06:00:00Z"), "1.32 3.96");
}

}  // namespace
}  // namespace itemized
