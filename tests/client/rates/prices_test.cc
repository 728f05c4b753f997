// SPDX-License-Identifier: Apache-2.0
#include "client/rates/prices.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/client/rates/rates_for_test.h"

namespace itemized::client {
namespace {

JsonValue Number(absl::string_view text) {
  JsonValue value;
  value.kind = JsonValue::Kind::kNumber;
  value.text = std::string(text);
  return value;
}

TEST(ReadPrice, ScalesByTheUnitsThePriceIsFor) {
  EXPECT_EQ(ReadPrice(Number("3e-06"), PricedUnits::kOne)->picos, 3'000'000);
  EXPECT_EQ(ReadPrice(Number("10"), PricedUnits::kThousand)->picos, 10'000'000'000);
  EXPECT_EQ(ReadPrice(Number("3.00"), PricedUnits::kMillion)->picos, 3'000'000);
  EXPECT_EQ(ReadPrice(Number("1000"), PricedUnits::kOne)->picos, 1'000'000'000'000'000);
  EXPECT_FALSE(ReadPrice(Number("1000.000000000001"), PricedUnits::kOne).ok());
}

TEST(ReadPrice, FinerPricesAreRoundedHalfToEvenAndSaySo) {
  EXPECT_FALSE(ReadPrice(Number("0.0000025e0"), PricedUnits::kOne)->rounded);
  EXPECT_EQ(ReadPrice(Number("0.0000025"), PricedUnits::kMillion)->picos, 2);
  EXPECT_EQ(ReadPrice(Number("0.0000035"), PricedUnits::kMillion)->picos, 4);
  EXPECT_EQ(ReadPrice(Number("0.00000250001"), PricedUnits::kMillion)->picos, 3);
  EXPECT_TRUE(ReadPrice(Number("0.0000025"), PricedUnits::kMillion)->rounded);
}

TEST(ReadPrice, WhatIsReadIsWrittenWithTheSameDigits) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 5'000; ++i) {
    const std::string whole = std::to_string(random() % 1'000'000'000);
    std::string fraction = std::to_string(random() % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    while (!fraction.empty() && fraction.back() == '0') {
      fraction.pop_back();
    }
    const std::string text = fraction.empty() ? whole : absl::StrCat(whole, ".", fraction);
    v1::Prices prices;
    SetPrice("input", ReadPrice(Number(text), PricedUnits::kMillion)->picos, &prices);
    ASSERT_EQ(prices.input(), text);
  }
}

TEST(Tally, ShowsTheMostFrequentNamesFirst) {
  Tally tally;
  for (const char* name : {"a", "b", "b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
    tally.Add(name);
  }
  EXPECT_EQ(tally.total(), 11);
  EXPECT_EQ(tally.ToString(), "b (2), a (1), c (1), d (1), e (1), f (1), g (1), h (1) and 2 more");
}

}  // namespace
}  // namespace itemized::client
