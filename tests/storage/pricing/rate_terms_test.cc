// SPDX-License-Identifier: Apache-2.0
// What a call costs by multipliers, contracts and exchange rates, by hand.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"
#include "storage/pricing/rate_book.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;

// What a rate is for beside its model; what is "" does not matter to it, or is the standard.
struct For {
  std::string tier = {};
  std::string region = {};
  std::string key = {};
  std::string value = {};
};

Rate Priced(int64_t input_picos, const For& what = {}, int64_t from_us = 0) {
  Rate rate = RateFor("m", input_picos, 2 * input_picos);
  rate.service_tier = what.tier;
  rate.region = what.region;
  rate.attribute_key = what.key;
  rate.attribute_value = what.value;
  rate.effective_from_us = from_us;
  return rate;
}

Rate Multiplied(int64_t ppm, const For& what = {}, int64_t from_us = 0) {
  Rate rate = Priced(0, what, from_us);
  rate.prices = {};
  rate.multiplier_ppm = ppm;
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

const For kFlex{.tier = "flex"};
const For kUs{.region = "us"};
const For kAcme{.key = "tenant", .value = "acme"};

// What one input token costs a call of model "m"; "none" if it is unpriced.
std::string Costs(const RateBook& book, const std::vector<Contract>& attributes = {},
                  const std::string& tier = "", const std::string& region = "",
                  int64_t time_us = 1) {
  ServedAs served{.service_tier = tier, .region = region};
  for (const auto& [key, value] : attributes) {
    served.Note(key, value, book.contracts());
  }
  const auto cost = PriceUsage(book.Find("p", "m", served).TermsAt(time_us), InOut(1, 0));
  return cost.has_value() ? absl::StrCat(static_cast<int64_t>(*cost)) : "none";
}

TEST(RateTerms, AMultiplierOfATierAppliesToTheStandardPriceAndToNoOtherTier) {
  const RateBook book = BookOf({Priced(1'000), Multiplied(500'000, kFlex)});
  EXPECT_EQ(Costs(book), "1000");
  EXPECT_EQ(Costs(book, {}, "flex"), "500");
  EXPECT_EQ(Costs(book, {}, "priority"), "none");
}

TEST(RateTerms, AMultiplierWithoutAPriceUnderItLeavesTheCallUnpriced) {
  EXPECT_EQ(Costs(BookOf({Multiplied(500'000, kFlex)}), {}, "flex"), "none");
  EXPECT_EQ(Costs(BookOf({Multiplied(500'000)})), "none");
}

TEST(RateTerms, PricesForJustTheseDimensionsGoBeforeAMultiplier) {
  const RateBook book = BookOf({Priced(1'000), Priced(700, kFlex), Multiplied(500'000, kFlex)});
  EXPECT_EQ(Costs(book, {}, "flex"), "700");
}

TEST(RateTerms, ATenantsMultiplierGoesOnTopOfThatOfTheTierAndOfTheRegion) {
  const RateBook book = BookOf({Priced(1'000), Multiplied(500'000, kFlex),
                                Multiplied(1'100'000, kUs), Multiplied(800'000, kAcme)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}), "800");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex"), "400");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex", "us"), "440");
  EXPECT_EQ(Costs(book, {}, "flex", "us"), "550");
  EXPECT_EQ(Costs(book, {{"tenant", "other"}}, "flex"), "500");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "batch"), "none");
}

TEST(RateTerms, ATenantsOwnPricesAreForStandardCallsAndTheTierMultipliesThem) {
  const RateBook book =
      BookOf({Priced(1'000), Multiplied(500'000, kFlex), Priced(600, kAcme), Priced(90, kUs)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}), "600");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex"), "300");
  // Nothing of the contract is for that region, so it is no condition there.
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "", "us"), "90");
}

TEST(RateTerms, AContractThatHasNoPartInAPriceLeavesItAsItIsWithout) {
  For acme_eu = kAcme;
  acme_eu.region = "eu";
  const RateBook book =
      BookOf({Priced(1'000), Priced(700, kFlex), Multiplied(500'000, kFlex), Priced(1, acme_eu)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex"), "700");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "", "eu"), "1");
}

TEST(RateTerms, AMultiplierForSeveralDimensionsGoesBeforeThoseForFewer) {
  For acme_flex = kAcme;
  acme_flex.tier = "flex";
  const RateBook book = BookOf({Priced(1'000), Multiplied(500'000, kFlex),
                                Multiplied(800'000, kAcme), Multiplied(300'000, acme_flex)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex"), "300");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}), "800");
}

TEST(RateTerms, ADiscountOnTheListIsOnEveryPriceButThatOfAContract) {
  const RateBook book = BookOf({Priced(1'000), Multiplied(900'000), Priced(700, kFlex),
                                Multiplied(500'000, {.tier = "batch"}), Priced(600, kAcme)});
  EXPECT_EQ(Costs(book), "900");
  EXPECT_EQ(Costs(book, {}, "flex"), "630");
  EXPECT_EQ(Costs(book, {}, "batch"), "450");
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}), "600");
}

TEST(RateTerms, ADiscountForAProviderIsForAllOfItsModels) {
  Rate discount = Multiplied(800'000);
  discount.provider = "p";
  discount.match = Leaf(ModelMatch::Kind::kRegex, "^");
  Rate others = discount;
  others.provider = "q";
  others.multiplier_ppm = 1;
  EXPECT_EQ(Costs(BookOf({Priced(1'000), discount, others})), "800");
  EXPECT_EQ(Costs(BookOf({Priced(1'000), discount, Multiplied(1'000'000)})), "800")
      << "A rate of the provider goes before one of any.";
  Rate exempt = Multiplied(1'000'000);
  exempt.provider = "p";
  EXPECT_EQ(Costs(BookOf({Priced(1'000), discount, exempt})), "1000");
}

TEST(RateTerms, ACallWithSeveralContractsHasTheMultipliersOfAll) {
  const For team{.key = "team", .value = "a"};
  RateBook book = BookOf({Priced(1'000), Multiplied(800'000, kAcme), Multiplied(900'000, team)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}, {"team", "a"}}), "720");
  EXPECT_EQ(Costs(book, {{"team", "a"}, {"tenant", "acme"}}), "720");
  EXPECT_TRUE(book.Set(Priced(500, kAcme)).ok());
  EXPECT_EQ(Costs(book, {{"team", "a"}, {"tenant", "acme"}}), "450");
  EXPECT_EQ(Costs(book, {{"team", "b"}, {"tenant", "acme"}}), "500");
}

TEST(RateTerms, EachStepIsRoundedHalfToEvenToAWholePicoDollar) {
  const auto times = [](int64_t price, int64_t ppm) {
    return Costs(BookOf({Priced(price), Multiplied(ppm, kFlex)}), {}, "flex");
  };
  EXPECT_EQ(times(1, 500'000), "0");  // 0.5
  EXPECT_EQ(times(3, 500'000), "2");  // 1.5
  EXPECT_EQ(times(5, 500'000), "2");  // 2.5
  EXPECT_EQ(times(7, 500'000), "4");  // 3.5
  EXPECT_EQ(times(5, 500'001), "3");
  EXPECT_EQ(times(3, 499'999), "1");
  const RateBook book =
      BookOf({Priced(5), Multiplied(500'000, kFlex), Multiplied(1'250'000, kAcme)});
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}, "flex"), "2");  // 2.5 is 2, 2 x 1.25 is 2.5, so 2.
}

TEST(RateTerms, AMultiplierHoldsFromItsInstantAndInItsHours) {
  Rate night = Multiplied(250'000, kFlex);
  night.hours = {.from_s = 0, .to_s = 3'600};
  const RateBook book = BookOf({Priced(1'000), Multiplied(500'000, kFlex, 100 * kMicrosPerDay),
                                Multiplied(700'000, kFlex, 200 * kMicrosPerDay), night});
  const int64_t noon_us = kMicrosPerDay / 2;
  const auto at = [&](int64_t time_us) { return Costs(book, {}, "flex", "", time_us); };
  EXPECT_EQ(at(noon_us), "none");
  EXPECT_EQ(at(3'600 * kMicrosPerSecond - 1), "250");
  EXPECT_EQ(at(3'600 * kMicrosPerSecond), "none");
  EXPECT_EQ(at(100 * kMicrosPerDay - 1), "none");
  EXPECT_EQ(at(100 * kMicrosPerDay + noon_us), "500");
  EXPECT_EQ(at(200 * kMicrosPerDay - 1), "500");
  EXPECT_EQ(at(200 * kMicrosPerDay + noon_us), "700");
}

TEST(RateTerms, APriceAndAMultiplierOfTheSameNamesStandSideBySide) {
  RateBook book = BookOf({Priced(1'000), Multiplied(900'000)});
  EXPECT_EQ(book.size(), 2U);
  EXPECT_NE(book.Remove(RateKey(Multiplied(1))), nullptr);
  EXPECT_EQ(Costs(book), "1000");
}

TEST(RateTerms, AContractWhoseRatesAreGoneIsKnownNoMore) {
  RateBook book = BookOf({Priced(1'000), Multiplied(900'000, kAcme), Priced(1, kAcme)});
  EXPECT_TRUE(book.contracts().Has("tenant", "acme"));
  EXPECT_FALSE(book.contracts().Has("tenant", "other"));
  book.Remove(RateKey(Priced(1, kAcme)));
  EXPECT_EQ(Costs(book, {{"tenant", "acme"}}), "900");
  book.Remove(RateKey(Multiplied(1, kAcme)));
  EXPECT_TRUE(book.contracts().empty());
}

TEST(RateTerms, TheBookNamesFewKeysOfAttributes) {
  RateBook book;
  for (size_t i = 0; i < kContractKeysMax; ++i) {
    ASSERT_TRUE(book.Set(Priced(1, {.key = absl::StrCat("k", i), .value = "v"})).ok());
  }
  EXPECT_TRUE(book.Set(Priced(1, {.key = "k0", .value = "w"})).ok());
  const auto refused = book.Set(Priced(1, {.key = "one more", .value = "v"}));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("4 keys already"));
}

TEST(RateTerms, PricesOfAnotherCurrencyAreExchangedByTheRateOfTheCallsInstant) {
  Rate euro = Priced(1'000);
  euro.currency = "EUR";
  const RateBook book =
      BookOf({euro, Multiplied(500'000, kFlex), ExchangeRate("EUR", 1'085'000'000'000, 100),
              ExchangeRate("EUR", 1'100'500'000'000, 200), ExchangeRate("GBP", 1)});
  const auto at = [&](int64_t time_us, const std::string& tier) {
    return Costs(book, {}, tier, "", time_us);
  };
  EXPECT_EQ(at(99, ""), "none");
  EXPECT_EQ(at(100, ""), "1085");
  EXPECT_EQ(at(199, "flex"), "542");  // 542.5, half to even.
  EXPECT_EQ(at(200, ""), "1100");     // 1100.5, half to even.
  EXPECT_EQ(book.Find("itemized.exchange", "EUR").At(300), nullptr);
}

TEST(RateTerms, APriceThatIsMultipliedBeyondAllMeasureIsTooLargeAndNeverNegative) {
  Rate dear = RateFor("m", kPriceMaxPicos, kPriceMaxPicos);
  const RateBook book =
      BookOf({dear, Multiplied(kMultiplierMaxPpm), Multiplied(kMultiplierMaxPpm, kFlex),
              Multiplied(kMultiplierMaxPpm, kUs), Multiplied(kMultiplierMaxPpm, kAcme)});
  ServedAs served{.service_tier = "flex", .region = "us"};
  served.Note("tenant", "acme", book.contracts());
  const Terms terms = book.Find("p", "m", served).TermsAt(1);
  EXPECT_EQ(terms.multipliers.size(), 4U);
  EXPECT_GT(*PriceUsage(terms, InOut(int64_t{1} << 40, int64_t{1} << 40)), Picos(INT64_MAX));
  EXPECT_GT(*PriceUsage(terms, InOut(1, 0)), Picos(INT64_MAX));
}

TEST(RateTerms, OnesThatMakeNoSenseAreRefusedWithWhatToMend) {
  const auto message = [](auto spoil) {
    Rate rate = Multiplied(500'000, kAcme);
    spoil(rate);
    return std::string(ValidateRate(rate).message());
  };
  EXPECT_EQ(message([](Rate&) {}), "");
  EXPECT_THAT(message([](Rate& r) { r.multiplier_ppm = -1; }), HasSubstr("from 0.000001 to 1000"));
  EXPECT_THAT(message([](Rate& r) { r.multiplier_ppm = kMultiplierMaxPpm + 1; }),
              HasSubstr("The multiplier is 1000.000001"));
  EXPECT_THAT(message([](Rate& r) { r.prices[0] = 1; }), HasSubstr("one or the other"));
  EXPECT_THAT(message([](Rate& r) { r.currency = "EUR"; }), HasSubstr("one or the other"));
  EXPECT_THAT(message([](Rate& r) { r.attribute_value = ""; }),
              HasSubstr("a key or a value alone"));
  EXPECT_THAT(message([](Rate& r) { r.attribute_key = "itemized.region"; }),
              HasSubstr("the server's own"));
  const auto currency = [](const std::string& code) {
    Rate rate = Priced(1);
    rate.currency = code;
    return std::string(ValidateRate(rate).message());
  };
  EXPECT_EQ(currency("EUR"), "");
  EXPECT_THAT(currency("eur"), HasSubstr("none of ISO 4217"));
  EXPECT_THAT(currency("USD"), HasSubstr("leave it out for USD"));
  EXPECT_THAT(std::string(ValidateRate(ExchangeRate("EUR", 0)).message()), HasSubstr("above 0"));
  Rate odd = ExchangeRate("EUR", 1);
  odd.service_tier = "flex";
  EXPECT_THAT(std::string(ValidateRate(odd).message()), HasSubstr("set those as such"));
}

}  // namespace
}  // namespace itemized
