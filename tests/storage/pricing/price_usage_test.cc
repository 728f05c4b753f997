// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "storage/base/money.h"
#include "storage/model/limits.h"
#include "storage/pricing/rate_book.h"
#include "tests/storage/pricing/plain_rules.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

using enum UsageClass;
using Counts = std::initializer_list<std::pair<UsageClass, int64_t>>;

Usage Used(Counts counts) {
  Usage usage;
  for (const auto& [c, count] : counts) {
    usage[c] = count;
  }
  return usage;
}

// Prices in USD per million tokens, as price lists have them.
Prices PerMillion(std::initializer_list<std::pair<UsageClass, const char*>> list) {
  Prices prices{};
  for (const auto& [c, usd] : list) {
    prices[Index(c)] = static_cast<int64_t>(*ParseDecimal(usd, 6));
  }
  return prices;
}

Rate Priced(std::initializer_list<std::pair<UsageClass, const char*>> list) {
  Rate rate;
  rate.match = ModelMatch::Equals("m");
  rate.prices = PerMillion(list);
  return rate;
}

std::string Cost(const Rate& rate, const Usage& usage) {
  const std::optional<Picos> picos = PriceUsage(rate, usage);
  return picos ? FormatUsd(*picos) : "unpriced";
}

TEST(PriceUsage, GivesThePublishedCostsOfTheStepsOfAnAgent) {
  const Rate sonnet = Priced({{kInput, "3.00"}, {kOutput, "15.00"}});
  const Rate haiku = Priced({{kInput, "0.25"}, {kOutput, "1.25"}});
  EXPECT_EQ(Cost(sonnet, InOut(42'800, 1'240)), "0.147");
  EXPECT_EQ(Cost(sonnet, InOut(8'400, 620)), "0.0345");
  EXPECT_EQ(Cost(sonnet, InOut(11'200, 880)), "0.0468");
  EXPECT_EQ(Cost(sonnet, InOut(6'100, 480)), "0.0255");
  EXPECT_EQ(Cost(haiku, InOut(420, 80)), "0.000205");
}

TEST(PriceUsage, AgreesWithTheConsoleOnCacheWrites) {
  const Rate claude_3_7 =
      Priced({{kInput, "3"}, {kCacheRead, "0.3"}, {kCacheWrite5m, "3.75"}, {kOutput, "15"}});
  EXPECT_EQ(Cost(claude_3_7, Used({{kInput, 3}, {kCacheWrite5m, 12'304}, {kOutput, 550}})),
            "0.054399");
}

TEST(PriceUsage, ThinkingWithinOutputIsNotBilledTwice) {
  const Rate flash = Priced({{kInput, "0.3"}, {kOutput, "2.5"}});
  EXPECT_EQ(Cost(flash, Used({{kInput, 9}, {kOutput, 22}, {kReasoning, 21}})), "0.0000577");
}

TEST(PriceUsage, CachedInputCostsItsOwnPrice) {
  const Usage usage = Used({{kInput, 1'000}, {kCacheRead, 1'000}, {kOutput, 500}});
  EXPECT_EQ(Cost(Priced({{kInput, "0.25"}, {kCacheRead, "0.025"}, {kOutput, "2"}}), usage),
            "0.001275");
  EXPECT_EQ(Cost(Priced({{kInput, "0.125"}, {kCacheRead, "0.0125"}, {kOutput, "1"}}), usage),
            "0.0006375");
}

TEST(PriceUsage, ReasoningWithAPriceOfItsOwnLeavesTheRestOfTheOutput) {
  const Rate rate = Priced({{kInput, "1"}, {kOutput, "10"}, {kReasoning, "3"}});
  EXPECT_EQ(Cost(rate, Used({{kOutput, 100}, {kReasoning, 40}})), "0.00072");
  EXPECT_EQ(Cost(rate, Used({{kOutput, 100}, {kReasoning, 100}})), "0.0003");
  const Rate only_reasoning = Priced({{kReasoning, "3"}});
  EXPECT_EQ(Cost(only_reasoning, Used({{kOutput, 100}, {kReasoning, 100}})), "0.0003");
  EXPECT_EQ(Cost(only_reasoning, Used({{kOutput, 100}, {kReasoning, 99}})), "unpriced");
}

TEST(PriceUsage, AClassWithoutAPriceIsBilledAsTheClassItIsPartOf) {
  for (size_t used = 0; used < kUsageClassCount; ++used) {
    if (used == Index(kReasoning)) {
      continue;  // It is billed within the output, as the tests below say.
    }
    Rate rate;
    for (size_t i = 0; i < kUsageClassCount; ++i) {
      rate.prices[i] = 100 + static_cast<int64_t>(i);
    }
    Usage usage;
    usage.counts[used] = 7;
    for (std::optional<UsageClass> c = static_cast<UsageClass>(used); c; c = PlainPartOf(*c)) {
      EXPECT_EQ(PriceUsage(rate, usage), 7 * *rate.prices[Index(*c)]);
      rate.prices[Index(*c)].reset();
    }
    EXPECT_EQ(PriceUsage(rate, usage), std::nullopt) << used;
  }
}

TEST(PriceUsage, AUsedClassWithoutAnyPriceLeavesTheCallUnpriced) {
  const Rate embedding = Priced({{kInput, "0.02"}});
  EXPECT_EQ(Cost(embedding, InOut(1'000, 0)), "0.00002");
  EXPECT_EQ(Cost(embedding, InOut(1'000, 1)), "unpriced");
  EXPECT_EQ(Cost(embedding, Used({{kInput, 1'000}, {kWebSearches, 1}})), "unpriced");
  EXPECT_EQ(Cost(embedding, Used({{kOutputImage, 1}})), "unpriced");
  EXPECT_EQ(Cost(embedding, Usage{}), "0");
}

TEST(PriceUsage, AFreeModelCostsNothingAndIsPriced) {
  EXPECT_EQ(Cost(Priced({{kInput, "0"}, {kOutput, "0"}}), InOut(1'000, 1'000)), "0");
}

TEST(PriceUsage, ThePriceOfARequestIsAddedOnce) {
  Rate rate = Priced({{kInput, "1"}, {kOutput, "1"}});
  rate.prices[Index(kWebSearches)] = 10'000'000'000;  // 10 USD per thousand.
  rate.prices[kRequestPrice] = 5'000'000'000;
  EXPECT_EQ(Cost(rate, Used({{kInput, 1'000}, {kWebSearches, 3}})), "0.036");
  EXPECT_EQ(Cost(rate, Usage{}), "0.005");
}

TEST(PriceUsage, ATierIsACliffStrictlyAboveItsThreshold) {
  Rate rate = Priced({{kInput, "3"}, {kOutput, "15"}});
  rate.tiers.push_back({200'000, PerMillion({{kInput, "6"}, {kOutput, "22.5"}})});
  EXPECT_EQ(Cost(rate, InOut(200'000, 1'000)), "0.615");
  EXPECT_EQ(Cost(rate, InOut(200'001, 1'000)), "1.222506");
}

TEST(PriceUsage, ATierLooksAtAllInputCachedOrNot) {
  Rate rate = Priced({{kInput, "1"}, {kOutput, "1"}});
  rate.tiers.push_back({60, PerMillion({{kInput, "2"}})});
  for (const UsageClass c : {kInput, kCacheRead, kCacheWrite5m, kCacheWrite1h, kInputAudio,
                             kCacheReadAudio, kInputImage}) {
    EXPECT_TRUE(PlainIsInput(c));
    EXPECT_EQ(Cost(rate, Used({{kInput, 30}, {c, c == kInput ? 60 : 30}})), "0.00006");
    EXPECT_EQ(Cost(rate, Used({{kInput, 30}, {c, c == kInput ? 61 : 31}})), "0.000122");
  }
  EXPECT_EQ(Cost(rate, InOut(60, 1'000)), "0.00106");
}

TEST(PriceUsage, TheLastTierBelowTheInputHoldsAndTheBaseFillsItsGaps) {
  Rate rate = Priced({{kInput, "1"}, {kCacheRead, "0.5"}, {kOutput, "4"}});
  rate.tiers.push_back({100, PerMillion({{kInput, "2"}, {kCacheRead, "0.75"}})});
  rate.tiers.push_back({200, PerMillion({{kInput, "3"}})});
  EXPECT_EQ(Cost(rate, Used({{kInput, 50}, {kCacheRead, 50}, {kOutput, 10}})), "0.000115");
  EXPECT_EQ(Cost(rate, Used({{kInput, 50}, {kCacheRead, 150}, {kOutput, 10}})), "0.0002525");
  EXPECT_EQ(Cost(rate, Used({{kInput, 50}, {kCacheRead, 151}, {kOutput, 10}})), "0.0002655");
}

TEST(PriceUsage, FallbackRunsOverTheMergedPrices) {
  Rate rate = Priced({{kInput, "1"}, {kCacheWrite5m, "1.25"}});
  rate.tiers.push_back({10, PerMillion({{kInput, "2"}})});
  EXPECT_EQ(Cost(rate, Used({{kCacheWrite1h, 100}})), "0.000125");
  EXPECT_EQ(Cost(rate, Used({{kCacheRead, 100}})), "0.0002");
}

TEST(PriceUsage, TheLargestCallDoesNotOverflow) {
  Rate rate;
  Usage usage;
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    rate.prices[i] = kPriceMaxPicos;
    usage.counts[i] = kTokensMax;
  }
  // Reasoning is all of the output here, so that one class is not billed.
  const Picos billed = Picos{kUsageClassCount - 1} * kTokensMax;
  EXPECT_EQ(Cost(rate, usage), FormatUsd(billed * kPriceMaxPicos));
}

__extension__ using Int128 = __int128;

// The rules once more, written for plainness, with 128-bit numbers of the compiler.
class Oracle {
 public:
  Oracle(const Rate& rate, const Usage& usage) : usage_(usage), prices_(rate.prices) {
    const int64_t total = PlainTotalInput(usage);
    for (const RateTier& tier : rate.tiers) {
      if (total > tier.input_tokens_over) {
        merged_ = Merge(rate.prices, tier.prices);
      }
    }
    prices_ = merged_.value_or(rate.prices);
  }

  std::optional<Int128> Cost() {
    const int64_t reasoning = Has(kReasoning) ? usage_[kReasoning] : 0;
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      if (c != Index(kReasoning)) {
        Add(usage_.counts[c] - (c == Index(kOutput) ? reasoning : 0), static_cast<UsageClass>(c));
      }
    }
    Add(reasoning, kReasoning);
    sum_ += prices_[kRequestPrice].value_or(0);
    return priced_ ? std::optional<Int128>(sum_) : std::nullopt;
  }

 private:
  static Prices Merge(Prices prices, const Prices& over) {
    for (size_t i = 0; i < kPriceCount; ++i) {
      if (over[i].has_value()) {
        prices[i] = over[i];
      }
    }
    return prices;
  }

  bool Has(UsageClass c) const { return prices_[Index(c)].has_value(); }

  void Add(int64_t count, UsageClass usage_class) {
    std::optional<UsageClass> priced = usage_class;
    while (priced && !Has(*priced)) {
      priced = PlainPartOf(*priced);
    }
    if (count != 0 && priced) {
      sum_ += Int128{count} * *prices_[Index(*priced)];
    }
    priced_ = priced_ && (count == 0 || priced);
  }

  Usage usage_;
  Prices prices_;
  std::optional<Prices> merged_;
  Int128 sum_ = 0;
  bool priced_ = true;
};

TEST(PriceUsage, AgreesWithThePlainRulesOnRandomRatesAndUsage) {
  std::mt19937_64 random(20'261'122);
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  const auto random_prices = [&] {
    Prices prices{};
    for (auto& price : prices) {
      if (below(5) < 3) {
        price = below(2) == 0 ? below(1'000) : below(kPriceMaxPicos + 1);
      }
    }
    return prices;
  };
  int priced = 0;
  for (int round = 0; round < 20'000; ++round) {
    Rate rate;
    rate.prices = random_prices();
    for (int64_t over = below(100), n = below(4); n > 0; --n, over += 1 + below(200)) {
      rate.tiers.push_back({over, random_prices()});
    }
    Usage usage;
    for (auto& count : usage.counts) {
      count = below(4) == 0 ? below(below(2) == 0 ? 100 : kTokensMax) : 0;
    }
    usage[kReasoning] = usage[kOutput] == 0 ? 0 : below(static_cast<uint64_t>(usage[kOutput]) + 1);
    const std::optional<Int128> want = Oracle(rate, usage).Cost();
    const std::optional<Picos> got = PriceUsage(rate, usage);
    ASSERT_EQ(got.has_value(), want.has_value()) << round;
    if (want) {
      ++priced;
      ASSERT_EQ(*got, Picos(*want)) << round;
    }
  }
  EXPECT_GT(priced, 5'000);
}

}  // namespace
}  // namespace itemized
