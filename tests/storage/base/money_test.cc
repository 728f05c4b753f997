// SPDX-License-Identifier: Apache-2.0
#include "storage/base/money.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace itemized {
namespace {

constexpr Picos kPicosMax = std::numeric_limits<Picos>::max();
constexpr Picos kPicosMin = std::numeric_limits<Picos>::min();

// 2^127 pico-dollars in USD.
constexpr char kLargest[] = "170141183460469231731687303.715884105727";
constexpr char kSmallest[] = "-170141183460469231731687303.715884105728";

// An amount made digit by digit, beside its text: the oracle of both directions.
struct Amount {
  std::string text;
  Picos picos = 0;
};

Amount RandomAmount(std::mt19937_64& random) {
  const size_t whole_digits = random() % 26;
  std::string digits;
  for (size_t i = 0; i < whole_digits + 12; ++i) {
    digits += static_cast<char>('0' + random() % 10);
  }
  digits.replace(digits.size() - random() % 13, std::string::npos, "");
  digits.resize(whole_digits + 12, '0');
  Amount amount;
  for (const char digit : digits) {
    amount.picos = amount.picos * 10 + (digit - '0');
  }
  std::string whole = digits.substr(0, whole_digits);
  std::string fraction = digits.substr(whole_digits);
  while (!whole.empty() && whole.front() == '0') {
    whole.erase(0, 1);
  }
  while (!fraction.empty() && fraction.back() == '0') {
    fraction.pop_back();
  }
  amount.text = (whole.empty() ? "0" : whole) + (fraction.empty() ? "" : "." + fraction);
  if (amount.picos != 0 && random() % 2 == 0) {
    amount.picos = -amount.picos;
    amount.text = "-" + amount.text;
  }
  return amount;
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Picos> picos = ParseUsd(text);
  EXPECT_EQ(picos.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(picos.status().message());
}

TEST(FormatUsd, IsTheShortestExactDecimal) {
  EXPECT_EQ(FormatUsd(147'000'000'000), "0.147");
  EXPECT_EQ(FormatUsd(Picos(-3) * kPicosPerUsd), "-3");
  EXPECT_EQ(FormatUsd(0), "0");
  EXPECT_EQ(FormatUsd(1), "0.000000000001");
  EXPECT_EQ(FormatUsd(-1), "-0.000000000001");
  EXPECT_EQ(FormatUsd(Picos(100) * kPicosPerUsd), "100");
  EXPECT_EQ(FormatUsd(Picos(10) * kPicosPerUsd + kPicosPerUsd / 10), "10.1");
}

TEST(FormatUsd, HoldsForTheWholeOf128Bits) {
  EXPECT_EQ(FormatUsd(kPicosMax), kLargest);
  EXPECT_EQ(FormatUsd(kPicosMin), kSmallest);
}

TEST(ParseUsd, IsExact) {
  EXPECT_EQ(*ParseUsd("0.147"), 147'000'000'000);
  EXPECT_EQ(*ParseUsd("-2"), Picos(-2) * kPicosPerUsd);
  EXPECT_EQ(*ParseUsd("+2"), Picos(2) * kPicosPerUsd);
  EXPECT_EQ(*ParseUsd("0.000000000001"), 1);
  EXPECT_EQ(*ParseUsd("0.1"), kPicosPerUsd / 10);
  EXPECT_EQ(*ParseUsd(".5"), kPicosPerUsd / 2);
  EXPECT_EQ(*ParseUsd("5."), Picos(5) * kPicosPerUsd);
  EXPECT_EQ(*ParseUsd("007.50"), kPicosPerUsd * 15 / 2);
}

TEST(ParseUsd, ReadsExponents) {
  EXPECT_EQ(*ParseUsd("3e-06"), 3'000'000);
  EXPECT_EQ(*ParseUsd("1.5E-7"), 150'000);
  EXPECT_EQ(*ParseUsd("25e-1"), kPicosPerUsd * 5 / 2);
  EXPECT_EQ(*ParseUsd("1e+2"), Picos(100) * kPicosPerUsd);
  EXPECT_EQ(*ParseUsd("1e-12"), 1);
  EXPECT_EQ(*ParseUsd("10e-13"), 1);
  EXPECT_EQ(*ParseUsd("0.000000000000000001e6"), 1);
  EXPECT_EQ(*ParseUsd("-1e26"), Picos(-100'000'000'000'000) * kPicosPerUsd * kPicosPerUsd);
}

TEST(ParseUsd, ZeroIsZeroHoweverItIsWritten) {
  for (const char* text : {"0", "-0", "0.0", ".0", "0e99999999999999999999", "0e-99999999999999999",
                           "0.000000000000000000000000000000"}) {
    const absl::StatusOr<Picos> picos = ParseUsd(text);
    ASSERT_TRUE(picos.ok()) << text;
    EXPECT_EQ(*picos, 0) << text;
  }
}

TEST(ParseUsd, ZerosAtTheEndNeedNoRoom) {
  EXPECT_EQ(*ParseUsd("0.1000000000000000000000000000000000000000000000"), kPicosPerUsd / 10);
  EXPECT_EQ(*ParseUsd("0000000000000000000000000000000000000000000000001"), kPicosPerUsd);
}

TEST(ParseUsd, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "-", ".", "e5", "1e", "1e-", "$1", "1,5", "1_000", " 1", "1 ",
                           "0x10", "nan", "inf", "-infinity", "1.2.3", "--1", "1-", "1e5.0"}) {
    EXPECT_TRUE(absl::StrContains(ErrorOf(text), "is not a number")) << text;
  }
  ErrorOf(absl::string_view("1\0", 2));
}

TEST(ParseUsd, RefusesDigitsItCannotKeep) {
  for (const char* text : {"0.0000000000001", "1e-13", "0.1234567890123", "1e-99999999999999999999",
                           "100000000000000000000e-33"}) {
    EXPECT_TRUE(absl::StrContains(ErrorOf(text), "needs more than 12 digits")) << text;
  }
}

TEST(ParseUsd, AcceptsExactlyWhatFits) {
  EXPECT_EQ(*ParseUsd(kLargest), kPicosMax);
  EXPECT_EQ(*ParseUsd(kSmallest), kPicosMin);
  for (const char* text :
       {"170141183460469231731687303.715884105728", "-170141183460469231731687303.715884105729",
        "340282366920938463463374607.431768211457", "1e27", "-1e28", "1e99999999999999999999"}) {
    EXPECT_TRUE(absl::StrContains(ErrorOf(text), "is too large")) << text;
  }
  ErrorOf(std::string(100'000, '9'));
}

TEST(ParseUsd, ReadsBackWhatFormatUsdWrote) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    const Amount amount = RandomAmount(random);
    EXPECT_EQ(FormatUsd(amount.picos), amount.text);
    EXPECT_EQ(*ParseUsd(amount.text), amount.picos);
  }
}

TEST(ParseDecimal, ScalesByTheDecimalsAskedFor) {
  EXPECT_EQ(*ParseDecimal("3", 0), 3);
  EXPECT_EQ(*ParseDecimal("0.15", 6), 150'000);
  EXPECT_EQ(*ParseDecimal("3e3", 0), 3000);
  EXPECT_EQ(ParseDecimal("0.5", 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseDecimal("1e-7", 6).status().code(), absl::StatusCode::kInvalidArgument);
}

// Nearest, and even where two are equally near: the definition itself.
void ExpectNearestEven(Picos numerator, Picos denominator) {
  const Picos quotient = DivideRounded(numerator, denominator);
  const Picos error = numerator - quotient * denominator;
  const Picos distance = error < 0 ? -error : error;
  EXPECT_LE(distance * 2, denominator) << numerator << "/" << denominator;
  if (distance * 2 == denominator) {
    EXPECT_EQ(quotient % 2, 0) << numerator << "/" << denominator;
  }
}

TEST(DivideRounded, RoundsHalfToEven) {
  EXPECT_EQ(DivideRounded(1, 2), 0);
  EXPECT_EQ(DivideRounded(3, 2), 2);
  EXPECT_EQ(DivideRounded(5, 2), 2);
  EXPECT_EQ(DivideRounded(-1, 2), 0);
  EXPECT_EQ(DivideRounded(-3, 2), -2);
  EXPECT_EQ(DivideRounded(-5, 2), -2);
  EXPECT_EQ(DivideRounded(2, 3), 1);
  EXPECT_EQ(DivideRounded(1, 3), 0);
  EXPECT_EQ(DivideRounded(-2, 3), -1);
  EXPECT_EQ(DivideRounded(0, 7), 0);
}

TEST(DivideRounded, IsTheNearestForAllSmallNumbers) {
  for (int numerator = -200; numerator <= 200; ++numerator) {
    for (int denominator = 1; denominator <= 50; ++denominator) {
      ExpectNearestEven(numerator, denominator);
    }
  }
}

TEST(DivideRounded, IsTheNearestForNumbersOfEverySize) {
  std::mt19937_64 random(4);
  const auto any = [&random] {
    return (absl::MakeInt128(static_cast<int64_t>(random()), random())) >>
           static_cast<int>(3 + random() % 120);
  };
  for (int i = 0; i < 10'000; ++i) {
    const Picos denominator = any();
    ExpectNearestEven(any(), (denominator < 0 ? -denominator : denominator) + 1);
  }
}

TEST(DivideRounded, HoldsAtTheRims) {
  EXPECT_EQ(DivideRounded(kPicosMax, 1), kPicosMax);
  EXPECT_EQ(DivideRounded(kPicosMin, 1), kPicosMin);
  EXPECT_EQ(DivideRounded(kPicosMax, kPicosMax), 1);
  EXPECT_EQ(DivideRounded(kPicosMin, kPicosMax), -1);
  EXPECT_EQ(DivideRounded(kPicosMax / 2, kPicosMax), 0);
  EXPECT_EQ(DivideRounded(kPicosMax / 2 + 1, kPicosMax), 1);
  EXPECT_EQ(DivideRounded(std::numeric_limits<int64_t>::min(), 1),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(DivideRounded(std::numeric_limits<int64_t>::max(), 2), Picos(1) << 62);
}

TEST(DivideRoundedDeathTest, ADenominatorThatIsNotPositiveIsABug) {
  EXPECT_DEATH(DivideRounded(1, 0), "CHECK failed");
  EXPECT_DEATH(DivideRounded(1, -1), "CHECK failed");
}

}  // namespace
}  // namespace itemized
