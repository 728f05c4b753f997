// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_book.h"

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

using Kind = ModelMatch::Kind;
using ::testing::HasSubstr;

TEST(RateBook, IsEmptyAtFirstAndFindsNothing) {
  const RateBook book;
  EXPECT_EQ(book.size(), 0u);
  EXPECT_TRUE(book.Find("openai", "gpt-5").empty());
  EXPECT_EQ(book.Find("openai", "gpt-5").At(0), nullptr);
}

TEST(RateBook, SettingTheSameProviderMatchAndInstantReplaces) {
  RateBook book;
  EXPECT_EQ(*book.Set(Named("p", StartsWith("m"), 5, "first")), false);
  EXPECT_EQ(*book.Set(Named("p", StartsWith("m"), 5, "second")), true);
  EXPECT_EQ(*book.Set(Named("p", StartsWith("m"), 6, "later")), false);
  EXPECT_EQ(*book.Set(Named("", StartsWith("m"), 5, "any provider")), false);
  EXPECT_EQ(*book.Set(Named("p", ModelMatch::Equals("m"), 5, "exact")), false);
  EXPECT_EQ(book.size(), 4u);
  EXPECT_EQ(SourceAt(book, "p", "mm", 5), "second");
}

TEST(RateBook, ARateHoldsFromItsInstantToTheNext) {
  const RateBook book = BookOf({Named("", ModelMatch::Equals("m"), 200, "new"),
                                Named("", ModelMatch::Equals("m"), 100, "old")});
  EXPECT_EQ(SourceAt(book, "p", "m", 99), "none");
  EXPECT_EQ(SourceAt(book, "p", "m", 100), "old");
  EXPECT_EQ(SourceAt(book, "p", "m", 199), "old");
  EXPECT_EQ(SourceAt(book, "p", "m", 200), "new");
  EXPECT_EQ(SourceAt(book, "p", "m", kTimeMaxUs), "new");
}

TEST(RateBook, TheRateOfTheProviderBeatsOneForAny) {
  const RateBook book = BookOf({Named("azure", StartsWith("gpt"), 0, "azure"),
                                Named("", ModelMatch::Equals("gpt-5"), 50, "any")});
  EXPECT_EQ(SourceAt(book, "azure", "gpt-5", 100), "azure");
  EXPECT_EQ(SourceAt(book, "openai", "gpt-5", 100), "any");
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 100), "any");
  EXPECT_EQ(SourceAt(book, "openai", "gpt-4", 100), "none");
}

TEST(RateBook, TheExactNameBeatsAPatternThenTheLongerPatternWins) {
  const RateBook book = BookOf({Named("", ModelMatch::Equals("gpt-5"), 0, "exact"),
                                Named("", StartsWith("gpt"), 70, "short"),
                                Named("", StartsWith("gpt-5"), 60, "long")});
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 100), "exact");
  EXPECT_EQ(SourceAt(book, "", "gpt-5-mini", 100), "long");
  EXPECT_EQ(SourceAt(book, "", "gpt-4", 100), "short");
}

TEST(RateBook, ABetterMatchTakesOverAtItsInstantAndAWorseOneNever) {
  const RateBook book = BookOf({Named("", StartsWith("gpt"), 10, "pattern"),
                                Named("", ModelMatch::Equals("gpt-5"), 20, "exact"),
                                Named("", StartsWith("gpt-"), 30, "later pattern")});
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 15), "pattern");
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 25), "exact");
  EXPECT_EQ(SourceAt(book, "", "gpt-5", 35), "exact");
  EXPECT_EQ(SourceAt(book, "", "gpt-4", 35), "later pattern");
}

TEST(RateBook, TiesAreBrokenByTheOrderOfTheListWhoeverCameFirst) {
  std::vector<Rate> rates = {Named("", StartsWith("gpt"), 0, "starts"),
                             Named("", Leaf(Kind::kContains, "gpt"), 0, "contains")};
  EXPECT_EQ(SourceAt(BookOf({rates[0], rates[1]}), "", "gpt-5", 0), "starts");
  EXPECT_EQ(SourceAt(BookOf({rates[1], rates[0]}), "", "gpt-5", 0), "starts");
}

TEST(RateBook, ListsByProviderThenMatchThenInstant) {
  const RateBook book = BookOf(
      {Named("b", ModelMatch::Equals("a"), 0, "5"), Named("a", ModelMatch::Equals("m"), 300, "3"),
       Named("a", ModelMatch::Equals("m"), 2, "2"), Named("a", StartsWith("m"), 0, "4"),
       Named("", ModelMatch::Equals("z"), 0, "0"), Named("a", ModelMatch::Equals("lll"), 0, "1")});
  std::string order;
  for (const Rate& rate : book.List()) {
    order += rate.source;
  }
  EXPECT_EQ(order, "012345");
}

TEST(RateBook, ACopyIsABookOfItsOwn) {
  RateBook book = BookOf({Named("", ModelMatch::Equals("m"), 0, "old")});
  const RateBook copy = book;
  ASSERT_TRUE(book.Set(Named("", ModelMatch::Equals("m"), 0, "new")).ok());
  EXPECT_EQ(SourceAt(copy, "", "m", 0), "old");
  EXPECT_EQ(SourceAt(book, "", "m", 0), "new");
}

// Whether `a` beats `b`, both effective: the documented precedence, spelled out.
bool Beats(const Rate& a, const Rate& b) {
  if (a.provider.empty() != b.provider.empty()) {
    return b.provider.empty();
  }
  const bool a_exact = a.match.kind == Kind::kEquals;
  const bool b_exact = b.match.kind == Kind::kEquals;
  if (a_exact != b_exact) {
    return a_exact;
  }
  if (!a_exact && a.match.text.size() != b.match.text.size()) {
    return a.match.text.size() > b.match.text.size();
  }
  if (a.effective_from_us != b.effective_from_us) {
    return a.effective_from_us > b.effective_from_us;
  }
  return RateKey(a) < RateKey(b);
}

std::string NaiveSourceAt(const std::vector<Rate>& rates, const std::string& provider,
                          const std::string& model, int64_t time_us) {
  const Rate* best = nullptr;
  for (const Rate& rate : rates) {
    const bool covers = (rate.provider.empty() || rate.provider == provider) &&
                        rate.match.Matches(model) && rate.effective_from_us <= time_us;
    if (covers && (best == nullptr || Beats(rate, *best))) {
      best = &rate;
    }
  }
  return best == nullptr ? "none" : best->source;
}

TEST(RateBook, FindsTheSameRateAsAScanOverAllRatesAtEveryInstant) {
  std::mt19937_64 random(7);
  const auto below = [&](uint64_t n) { return random() % n; };
  const std::vector<std::string> texts = {"a", "b", "ab", "ba", "aba", "abab"};
  const std::vector<std::string> providers = {"", "p", "q"};
  for (int round = 0; round < 300; ++round) {
    RateBook book;
    for (uint64_t n = below(30); n > 0; --n) {
      const auto kind = static_cast<Kind>(below(5));
      ASSERT_TRUE(book.Set(Named(providers[below(3)], Leaf(kind, texts[below(6)]),
                                 static_cast<int64_t>(below(8)), std::to_string(random())))
                      .ok());
    }
    const std::vector<Rate> rates = book.List();
    for (const std::string& model : texts) {
      const std::string& provider = providers[below(3)];
      for (int64_t time_us = 0; time_us < 9; ++time_us) {
        ASSERT_EQ(SourceAt(book, provider, model, time_us),
                  NaiveSourceAt(rates, provider, model, time_us))
            << "round " << round << " " << provider << "/" << model << " at " << time_us;
      }
    }
  }
}

TEST(ValidateRate, SaysWhatToMendAndForWhichModel) {
  const auto message = [](auto spoil) {
    Rate rate = RateFor("gpt-5", 1, 2);
    spoil(rate);
    const absl::Status status = ValidateRate(rate);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(RateBook().Set(rate).status(), status);
    return std::string(status.message());
  };
  EXPECT_THAT(message([](Rate& r) { r.match.text = ""; }), HasSubstr("empty text"));
  EXPECT_THAT(message([](Rate& r) { r.prices = {}; }), HasSubstr("no price outside the tiers"));
  EXPECT_THAT(message([](Rate& r) { r.prices = {}; }),
              HasSubstr("There is no price outside the tiers"));
  EXPECT_THAT(message([](Rate& r) { r.prices[0] = -1; }), HasSubstr("-0.000000000001 USD"));
  EXPECT_THAT(message([](Rate& r) { r.prices[kRequestPrice] = kPriceMaxPicos + 1; }),
              HasSubstr("from 0 to 1000"));
  EXPECT_THAT(message([](Rate& r) { r.effective_from_us = -1; }), HasSubstr("out of range"));
  EXPECT_THAT(message([](Rate& r) { r.effective_from_us = kTimeMaxUs + 1; }),
              HasSubstr("out of range"));
  EXPECT_THAT(message([](Rate& r) { r.provider.assign(201, 'p'); }),
              HasSubstr("provider has 201 bytes"));
  EXPECT_THAT(message([](Rate& r) { r.source.assign(501, 's'); }),
              HasSubstr("source has 501 bytes"));
}

TEST(ValidateRate, TiersMustRiseAndHavePrices) {
  const auto status = [](std::vector<std::pair<int64_t, std::optional<int64_t>>> tiers) {
    Rate rate = RateFor("gpt-5", 1, 2);
    for (const auto& [over, price] : tiers) {
      rate.tiers.emplace_back().input_tokens_over = over;
      rate.tiers.back().prices[0] = price;
    }
    return ValidateRate(rate);
  };
  EXPECT_TRUE(status({{0, 1}, {1, 0}}).ok());
  EXPECT_THAT(std::string(status({{-1, 1}}).message()), HasSubstr("must not be negative"));
  EXPECT_THAT(std::string(status({{5, 1}, {5, 1}}).message()), HasSubstr("must rise"));
  EXPECT_THAT(std::string(status({{6, 1}, {5, 1}}).message()), HasSubstr("must rise"));
  EXPECT_THAT(std::string(status({{5, std::nullopt}}).message()),
              HasSubstr("no price in the tier over 5 input tokens"));
  EXPECT_THAT(std::string(status({{5, -1}}).message()), HasSubstr("in the tier over 5"));
  std::vector<std::pair<int64_t, std::optional<int64_t>>> many;
  for (int64_t i = 0; i < 17; ++i) {
    many.emplace_back(i, 1);
  }
  EXPECT_THAT(std::string(status(many).message()), HasSubstr("17 tiers"));
}

TEST(ValidateRate, TheLimitsThemselvesAreValid) {
  Rate rate = RateFor("gpt-5", 0, kPriceMaxPicos);
  rate.provider.assign(200, 'p');
  rate.source.assign(500, 's');
  rate.effective_from_us = kTimeMaxUs;
  EXPECT_TRUE(ValidateRate(rate).ok());
}

TEST(RateBook, ARateThatWasRemovedHoldsNoMore) {
  RateBook book = BookOf({Named("", ModelMatch::Equals("m"), 0, "always"),
                          Named("", ModelMatch::Equals("m"), 5, "later"),
                          Named("", StartsWith("m"), 0, "pattern")});
  const RateBook before = book;
  const Rate later = Named("", ModelMatch::Equals("m"), 5, "");
  const CheckedRatePtr removed = book.Remove(RateKey(later));
  ASSERT_NE(removed, nullptr);
  EXPECT_EQ(removed->rate().source, "later");
  EXPECT_EQ(book.Remove(RateKey(later)), nullptr);
  EXPECT_EQ(SourceAt(book, "p", "m", 7), "always");
  EXPECT_NE(book.Remove(RateKey(Named("", ModelMatch::Equals("m"), 0, ""))), nullptr);
  EXPECT_EQ(SourceAt(book, "p", "m", 7), "pattern");
  EXPECT_NE(book.Remove(RateKey(Named("", StartsWith("m"), 0, ""))), nullptr);
  EXPECT_EQ(SourceAt(book, "p", "m", 7), "none");
  EXPECT_EQ(book.size(), 0u);
  EXPECT_FALSE(book.has_patterns());
  EXPECT_EQ(SourceAt(before, "p", "m", 7), "later");  // A copy does not change with it.
}

TEST(RateBook, HoldsNoMoreRatesThanItSays) {
  RateBook book;
  for (size_t i = 0; i < kRatesMax; ++i) {
    ASSERT_TRUE(book.Set(RateFor("m-" + std::to_string(i), 1, 1)).ok());
  }
  const auto refused = book.Set(RateFor("one more", 1, 1));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("20000"));
  EXPECT_EQ(book.size(), kRatesMax);
  EXPECT_TRUE(*book.Set(RateFor("m-7", 2, 2)));  // Replacing needs no room.
  EXPECT_NE(book.Remove(RateKey(RateFor("m-8", 1, 1))), nullptr);
  EXPECT_TRUE(book.Set(RateFor("one more", 1, 1)).ok());
}

TEST(RateBook, HoldsNoMoreSearchesThanItSays) {
  for (const Kind kind : {Kind::kContains, Kind::kRegex}) {
    RateBook book;
    for (size_t i = 0; i < kMatchSearchesMax; ++i) {
      ASSERT_TRUE(book.Set(Named("", Leaf(kind, "x" + std::to_string(i)), 0, "s")).ok());
    }
    const auto refused = book.Set(Named("", Leaf(kind, "one more"), 0, "s"));
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("searched for anywhere"));
    EXPECT_TRUE(book.Set(Named("", StartsWith("one more"), 0, "s")).ok());
    EXPECT_EQ(SourceAt(book, "", "x1999", 0), "s");
    EXPECT_TRUE(*book.Set(Named("", Leaf(kind, "x7"), 0, "t")));  // Replacing needs no room.
    EXPECT_NE(book.Remove(RateKey(Named("", Leaf(kind, "x7"), 0, ""))), nullptr);
    EXPECT_TRUE(book.Set(Named("", Leaf(kind, "one more"), 0, "s")).ok());
    EXPECT_FALSE(book.Set(Named("", Leaf(kind, "x7"), 0, "s")).ok());
  }
}

TEST(RateBook, HoldsNoMoreLeavesAndInstructionsThanItSays) {
  RateBook leaves;
  std::vector<ModelMatch> parts;
  for (int i = 0; i < 1'000; ++i) {
    parts.push_back(StartsWith("x" + std::to_string(i)));
  }
  absl::Status status;
  for (size_t i = 0; status.ok(); ++i) {
    parts.front() = StartsWith("y" + std::to_string(i));
    status = leaves.Set(Named("", Combination(Kind::kAnyOf, parts), 0, "s")).status();
  }
  EXPECT_EQ(leaves.size(), kMatchLeavesMax / 1'000);
  EXPECT_THAT(std::string(status.message()), HasSubstr("names and patterns"));
  RateBook book;
  for (status = absl::OkStatus(); status.ok();) {
    const std::string number = std::to_string(book.size());
    status = book.Set(Named("", Leaf(Kind::kRegex, "(abc|def){100}" + number), 0, "s")).status();
  }
  EXPECT_LT(book.size(), kMatchSearchesMax);
  EXPECT_THAT(std::string(status.message()), HasSubstr("instructions"));
}

}  // namespace
}  // namespace itemized
