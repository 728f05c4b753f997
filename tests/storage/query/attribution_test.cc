// SPDX-License-Identifier: Apache-2.0
#include "storage/query/attribution.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

constexpr size_t kFactors = 6;
constexpr std::array<ChangeCause, kFactors> kCauses = {
    ChangeCause::kVolume, ChangeCause::kCallsPerRun, ChangeCause::kInputTokens,
    ChangeCause::kCache,  ChangeCause::kModelMix,    ChangeCause::kPrice};

Picos PartOf(const PicosByCause& parts, ChangeCause cause) {
  return parts[static_cast<size_t>(cause)];
}

Picos SumOf(const PicosByCause& parts) {
  return std::accumulate(parts.begin(), parts.end(), Picos{0});
}

ChangedFactor Factor(ChangeCause cause, int64_t before, int64_t after) {
  return {.cause = cause, .before = {.numerator = before}, .after = {.numerator = after}};
}

// What each factor changes when it is its turn, as a mean over all orders, one by one.
std::array<double, kFactors> MeanOverOrders(const std::array<double, kFactors>& before,
                                            const std::array<double, kFactors>& after) {
  std::array<size_t, kFactors> order{};
  std::iota(order.begin(), order.end(), size_t{0});
  std::array<double, kFactors> sums{};
  double orders = 0;
  do {
    std::array<double, kFactors> now = before;
    for (const size_t factor : order) {
      const double value = std::accumulate(now.begin(), now.end(), 1.0, std::multiplies<>());
      now[factor] = after[factor];
      sums[factor] += std::accumulate(now.begin(), now.end(), 1.0, std::multiplies<>()) - value;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& sum : sums) {
    sum /= orders;
  }
  return sums;
}

TEST(Attribution, GivesOneFactorThatChangedAllOfTheChange) {
  Attribution attribution;
  const std::array factors = {Factor(ChangeCause::kVolume, 10, 10),
                              Factor(ChangeCause::kPrice, 3, 5)};
  attribution.AddProduct(factors);
  const PicosByCause parts = attribution.Rounded(20);
  EXPECT_EQ(PartOf(parts, ChangeCause::kPrice), 20);
  EXPECT_EQ(SumOf(parts), 20);
}

TEST(Attribution, TreatsFactorsThatChangedAlikeAlike) {
  Attribution attribution;
  const std::array factors = {Factor(ChangeCause::kVolume, 2, 4),
                              Factor(ChangeCause::kPrice, 3, 6)};
  attribution.AddProduct(factors);
  const PicosByCause parts = attribution.Rounded(18);
  EXPECT_EQ(PartOf(parts, ChangeCause::kVolume), 9);
  EXPECT_EQ(PartOf(parts, ChangeCause::kPrice), 9);
}

TEST(Attribution, IsTheMeanOverAllOrdersOfChanging) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> any(1, 2000);
  for (int round = 0; round < 50; ++round) {
    std::array<double, kFactors> before{};
    std::array<double, kFactors> after{};
    std::vector<ChangedFactor> factors;
    for (size_t i = 0; i < kFactors; ++i) {
      const Quotient from{any(random), any(random)};
      const Quotient to = round % 7 == 0 ? from : Quotient{any(random), any(random)};
      factors.push_back({.cause = kCauses[i], .before = from, .after = to});
      before[i] = static_cast<double>(from.numerator) / static_cast<double>(from.denominator);
      after[i] = static_cast<double>(to.numerator) / static_cast<double>(to.denominator);
    }
    factors.front().before.numerator *= 1'000'000'000'000;  // The first is large, as amounts are.
    factors.front().after.numerator *= 1'000'000'000'000;
    before.front() *= 1e12;
    after.front() *= 1e12;
    const double change = std::accumulate(after.begin(), after.end(), 1.0, std::multiplies<>()) -
                          std::accumulate(before.begin(), before.end(), 1.0, std::multiplies<>());
    Attribution attribution;
    attribution.AddProduct(factors);
    const PicosByCause parts = attribution.Rounded(static_cast<Picos>(change));
    const std::array<double, kFactors> expected = MeanOverOrders(before, after);
    for (size_t i = 0; i < kFactors; ++i) {
      EXPECT_NEAR(static_cast<double>(PartOf(parts, kCauses[i])), expected[i],
                  2 + 1e-9 * std::abs(change) + 1e-9 * std::abs(expected[i]));
    }
    EXPECT_EQ(SumOf(parts), static_cast<Picos>(change));
  }
}

TEST(Attribution, TakesAFactorThatOneSideDoesNotDefineForUnchanged) {
  Attribution attribution;
  // No token of the model before, so that its price then is unknown: 0 x ? became 7 x 3.
  const std::array<ChangedFactor, 2> factors = {
      Factor(ChangeCause::kModelMix, 0, 7),
      ChangedFactor{.cause = ChangeCause::kPrice, .before = {0, 0}, .after = {3, 1}}};
  attribution.AddProduct(factors);
  const PicosByCause parts = attribution.Rounded(21);
  EXPECT_EQ(PartOf(parts, ChangeCause::kModelMix), 21);
  EXPECT_EQ(PartOf(parts, ChangeCause::kPrice), 0);
}

TEST(Attribution, AddsUpWhateverIsRounded) {
  Attribution attribution;
  for (const int64_t price : {1, 2, 5}) {
    const std::array factors = {
        ChangedFactor{.cause = ChangeCause::kVolume, .before = {1, 3}, .after = {2, 7}},
        ChangedFactor{.cause = ChangeCause::kCache, .before = {1, 11}, .after = {3, 13}},
        Factor(ChangeCause::kPrice, price, price + 1)};
    attribution.AddProduct(factors);
  }
  attribution.AddWhole(ChangeCause::kNewStep, 1000);
  attribution.AddWhole(ChangeCause::kRemovedStep, -400);
  const PicosByCause parts = attribution.Rounded(601);
  EXPECT_EQ(SumOf(parts), 601);
  EXPECT_EQ(PartOf(parts, ChangeCause::kRemovedStep), -400);
}

TEST(Attribution, GivesToOneCauseWhatIsTooLittleForEach) {
  Attribution attribution;
  const std::array factors = {Factor(ChangeCause::kVolume, 0, 1), Factor(ChangeCause::kCache, 0, 1),
                              Factor(ChangeCause::kPrice, 0, 1)};
  attribution.AddProduct(factors);
  EXPECT_EQ(SumOf(attribution.Rounded(1)), 1) << "A third of a pico-dollar each is none.";
}

TEST(Attribution, HoldsAmountsBeyondSixtyFourBits) {
  Attribution attribution;
  const Picos dear = Picos(INT64_MAX) * 1000;
  const std::array<ChangedFactor, 2> factors = {
      ChangedFactor{.cause = ChangeCause::kVolume, .before = {1, 1}, .after = {1, 1}},
      ChangedFactor{.cause = ChangeCause::kPrice, .before = {dear, 1}, .after = {dear * 3, 1}}};
  attribution.AddProduct(factors);
  EXPECT_EQ(PartOf(attribution.Rounded(dear * 2), ChangeCause::kPrice), dear * 2);
  attribution.AddWhole(ChangeCause::kNewStep, -dear);
  EXPECT_EQ(PartOf(attribution.Rounded(dear), ChangeCause::kNewStep), -dear);
}

TEST(ShareOut, GivesWhatRoundingLeavesToTheLargest) {
  const std::vector<Picos> weights = {1, 0, 5, 1};
  EXPECT_EQ(ShareOut(100, weights), (std::vector<Picos>{14, 0, 72, 14}));
  EXPECT_EQ(ShareOut(0, weights), (std::vector<Picos>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace itemized
