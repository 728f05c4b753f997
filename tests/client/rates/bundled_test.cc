// SPDX-License-Identifier: Apache-2.0
#include "client/rates/bundled.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"
#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

std::vector<v1::Rate> Rates() {
  absl::StatusOr<std::vector<v1::Rate>> rates = BundledRates();
  EXPECT_TRUE(rates.ok()) << rates.status();
  return rates.ok() ? *std::move(rates) : std::vector<v1::Rate>();
}

// The one rate that an exact or else a prefix match selects at an instant.
v1::Rate RateAt(const std::string& model, int64_t time_us) {
  v1::Rate best;
  size_t best_specificity = 0;
  for (const v1::Rate& rate : Rates()) {
    const size_t specificity = ToModelMatch(rate.match()).Specificity(model);
    if (rate.effective_from_unix_us() > time_us || specificity == 0) {
      continue;
    }
    if (specificity > best_specificity ||
        (specificity == best_specificity &&
         rate.effective_from_unix_us() > best.effective_from_unix_us())) {
      best = rate;
      best_specificity = specificity;
    }
  }
  EXPECT_GT(best_specificity, 0u) << model;
  return best;
}

const int64_t kNow = *ParseTime("2026-11-22");

TEST(BundledRates, HoldThePublishedPrices) {
  struct Published {
    const char* model;
    std::array<const char*, 4> prices;  // Input, output, cache read and write.
  };
  for (const Published& one : std::initializer_list<Published>{
           {"claude-opus-5-5", {"4", "20", "0.2", "5"}},
           {"claude-opus-5", {"5", "25", "0.5", "6.25"}},
           {"claude-opus-4-8", {"5", "25", "0.5", "6.25"}},
           {"claude-opus-4-6", {"5", "25", "0.5", "6.25"}},
           {"claude-opus-4-5-20251101", {"5", "25", "0.5", "6.25"}},
           {"claude-fable-5-1", {"10", "50", "0.25", "12.5"}},
           {"claude-sonnet-5", {"2", "10", "0.2", "2.5"}},
           {"claude-sonnet-4-6", {"3", "15", "0.3", "3.75"}},
           {"claude-sonnet-4-5-20250929", {"3", "15", "0.3", "3.75"}},
           {"claude-haiku-4-5", {"1", "5", "0.1", "1.25"}},
           {"claude-haiku-4-5-20251001", {"1", "5", "0.1", "1.25"}},
           {"claude-3-5-haiku-20241022", {"0.8", "4", "0.08", "1"}},
           {"claude-3-haiku-20240307", {"0.25", "1.25", "0.03", "0.3"}},
           {"gpt-6-astra", {"10", "50", "1", "12.5"}},
           {"gpt-6-sol", {"2", "10", "0.2", "2.5"}},
           {"gpt-6-luna", {"0.1", "0.5", "0.01", "0.125"}},
           {"gpt-5.6-sol", {"4", "20", "0.4", "5"}},
           {"gpt-5.5", {"5", "30", "0.5", ""}},
           {"gpt-5.4", {"2.5", "15", "0.25", ""}},
           {"gpt-5.4-mini", {"0.75", "4.5", "0.075", ""}},
           {"gpt-5.2", {"1.75", "14", "0.175", ""}},
           {"gpt-5", {"1.25", "10", "0.125", ""}},
           {"gpt-5-mini", {"0.25", "2", "0.025", ""}},
           {"gpt-5-nano", {"0.05", "0.4", "0.005", ""}},
           {"gpt-4.1", {"2", "8", "0.5", ""}},
           {"gpt-4.1-mini", {"0.4", "1.6", "0.1", ""}},
           {"gpt-4o", {"2.5", "10", "1.25", ""}},
           {"gpt-4o-mini", {"0.15", "0.6", "0.075", ""}},
           {"o4-mini", {"1.1", "4.4", "0.275", ""}},
           {"gemini-3.1-pro-preview", {"2", "12", "0.2", ""}},
           {"gemini-2.5-pro", {"1.25", "10", "0.125", ""}},
           {"gemini-2.5-flash", {"0.3", "2.5", "0.03", ""}},
           {"text-embedding-3-small", {"0.02", "", "", ""}},
           {"text-embedding-3-large", {"0.13", "", "", ""}}}) {
    const v1::Prices prices = RateAt(one.model, kNow).prices();
    EXPECT_EQ(prices.input(), one.prices[0]) << one.model;
    EXPECT_EQ(prices.output(), one.prices[1]) << one.model;
    EXPECT_EQ(prices.cache_read(), one.prices[2]) << one.model;
    EXPECT_EQ(prices.cache_write_5m(), one.prices[3]) << one.model;
  }
}

TEST(BundledRates, HourLongCacheWritesOfClaudeCostTwiceTheInput) {
  const std::map<std::string, std::string> twice = {{"4", "8"},  {"5", "10"},    {"10", "20"},
                                                    {"6", "12"}, {"2", "4"},     {"3", "6"},
                                                    {"1", "2"},  {"0.8", "1.6"}, {"0.25", "0.5"}};
  int seen = 0;
  for (const v1::Rate& rate : Rates()) {
    if (DescribeMatch(rate.match()).rfind("claude", 0) == 0) {
      ++seen;
      EXPECT_EQ(rate.prices().cache_write_1h(), twice.at(rate.prices().input()));
    }
  }
  EXPECT_GT(seen, 20);
}

TEST(BundledRates, LongContextOfSonnetCostDoubleUntilTheDayItChanged) {
  const int64_t change_us = *ParseTime("2026-03-13");
  const v1::Rate before = RateAt("claude-sonnet-4-6", change_us - 1);
  EXPECT_EQ(Line(before),
            "- claude-sonnet-4-6 input=3 cache_read=0.3 cache_write_5m=3.75 cache_write_1h=6 "
            "output=15 web_search=10 >200000 input=6 cache_read=0.6 cache_write_5m=7.5 "
            "cache_write_1h=12 output=22.5");
  EXPECT_EQ(RateAt("claude-sonnet-4-6", change_us).tiers_size(), 0);
  EXPECT_EQ(RateAt("claude-sonnet-4-5", kNow).tiers(0).prices().output(), "22.5");
  EXPECT_EQ(RateAt("gemini-2.5-pro", kNow).tiers(0).prices().input(), "2.5");
  EXPECT_EQ(RateAt("gpt-6-sol", kNow).tiers(0).input_tokens_over(), 272'000);
}

TEST(BundledRates, AreEachThereOnceForAnyProviderWithAValidMatchAndTheirSource) {
  std::set<std::pair<std::string, int64_t>> seen;
  for (const v1::Rate& rate : Rates()) {
    EXPECT_TRUE(seen.emplace(DescribeMatch(rate.match()), rate.effective_from_unix_us()).second)
        << Line(rate);
    EXPECT_TRUE(ToModelMatch(rate.match()).Validate().ok());
    EXPECT_EQ(rate.provider(), "");
    EXPECT_EQ(rate.source(), "genai-prices 0.1.8, 2026-11-22");
  }
}

TEST(BundledRates, DoNotReachForModelsOfOtherPrices) {
  for (const v1::Rate& rate : Rates()) {
    for (const char* other :
         {"gpt-4o-2024-05-13", "gpt-4o-audio-preview", "gpt-5-pro", "gpt-5.2-pro",
          "gemini-2.5-flash-preview-04-17", "gemini-2.5-flash-lite", "claude-opus-4-1",
          "claude-fable-5", "gpt-6-sol-pro"}) {
      EXPECT_FALSE(ToModelMatch(rate.match()).Matches(other)) << Line(rate) << " " << other;
    }
  }
}

}  // namespace
}  // namespace itemized::client
