// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/pricing/rate_book.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

using Kind = ModelMatch::Kind;
using ::testing::HasSubstr;

Rate FullRate() {
  Rate rate;
  rate.provider = "anthropic";
  rate.match = Combination(
      Kind::kAnyOf, {ModelMatch::Equals("son"),
                     Combination(Kind::kAllOf, {StartsWith("s-"), Leaf(Kind::kRegex, "4$")})});
  rate.effective_from_us = 1'773'360'000'000'000;
  rate.prices[Index(UsageClass::kInput)] = 3'000'000;
  rate.prices[Index(UsageClass::kOutput)] = 15'000'000;
  rate.prices[kRequestPrice] = 0;
  rate.tiers.emplace_back().input_tokens_over = 200'000;
  rate.tiers.back().prices[Index(UsageClass::kInput)] = 6'000'000;
  rate.source = "list";
  return rate;
}

TEST(RateCodec, TheBytesOfARateNeverChange) {
  EXPECT_EQ(absl::BytesToHexString(EncodeRate(FullRate())),
            "01"  // version
            "09"
            "616e7468726f706963"  // provider
            "05"
            "02"  // any of two
            "00"
            "03"
            "736f6e"  //   equals "son"
            "06"
            "02"  //   all of two
            "01"
            "02"
            "732d"  //     starts with "s-"
            "04"
            "02"
            "3424"              //     regex "4$"
            "80c0efe6c89b9303"  // effective from
            "9120"              // price bits 0, 4 and 12
            "c08db701"
            "c0c39307"
            "00"  // the three prices
            "01"
            "c09a0c"  // one tier, over 200,000
            "01"
            "809bee02"  //   price bit 0
            "04"
            "6c697374");  // source
}

TEST(RateCodec, TheKeyOfARateNeverChanges) {
  Rate rate = RateFor("gpt-5", 1, 2);
  rate.provider = std::string("a\0b", 3);
  rate.effective_from_us = 0x0102030405;
  EXPECT_EQ(absl::BytesToHexString(RateKey(rate)),
            "6100ff62"
            "0000"  // provider
            "6770742d35"
            "0000"  // first text
            "00"
            "05"
            "6770742d35"          // match
            "0000000102030405");  // instant
}

TEST(RateCodec, TheKeyLeavesOutPricesAndSource) {
  Rate one = FullRate();
  Rate other = one;
  other.prices[0] = 7;
  other.tiers.clear();
  other.source = "other";
  EXPECT_EQ(RateKey(one), RateKey(other));
  other.effective_from_us += 1;
  EXPECT_LT(RateKey(one), RateKey(other));
}

ModelMatch RandomMatch(std::mt19937_64& random, int depth) {
  const auto kind = static_cast<Kind>(random() % (depth == 0 ? 5 : 7));
  if (kind != Kind::kAnyOf && kind != Kind::kAllOf) {
    return Leaf(kind, std::string(1 + random() % 3, "ab"[random() % 2]));
  }
  std::vector<ModelMatch> parts;
  for (uint64_t n = 1 + random() % 3; n > 0; --n) {
    parts.push_back(RandomMatch(random, depth - 1));
  }
  return Combination(kind, std::move(parts));
}

Prices RandomPrices(std::mt19937_64& random) {
  Prices prices{};
  for (auto& price : prices) {
    if (random() % 2 == 0) {
      price = static_cast<int64_t>(random() >> (random() % 64)) & 0x1FFFFFFFFFFFF;
    }
  }
  prices[random() % kPriceCount] = kPriceMaxPicos;
  return prices;
}

Rate RandomRate(std::mt19937_64& random) {
  Rate rate;
  rate.provider = std::string(random() % 3, 'p');
  rate.match = RandomMatch(random, 3);
  rate.effective_from_us = static_cast<int64_t>(random() % 3);
  rate.prices = RandomPrices(random);
  for (uint64_t n = random() % 4, over = 0; n > 0; --n) {
    over += 1 + random() % 1'000'000;
    rate.tiers.push_back({static_cast<int64_t>(over), RandomPrices(random)});
  }
  rate.source = std::string(random() % 500, 's');
  return rate;
}

TEST(RateCodec, DecodingGivesBackWhatWasEncoded) {
  std::mt19937_64 random(1);
  EXPECT_EQ(*DecodeRate(EncodeRate(FullRate())), FullRate());
  for (int i = 0; i < 2'000; ++i) {
    const Rate rate = RandomRate(random);
    const absl::StatusOr<Rate> decoded = DecodeRate(EncodeRate(rate));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(*decoded, rate);
  }
}

TEST(RateCodec, KeysAndNamesAreEqualOnlyForEqualMatches) {
  std::mt19937_64 random(2);
  std::vector<Rate> rates;
  for (int i = 0; i < 300; ++i) {
    rates.push_back(RandomRate(random));
  }
  for (const Rate& a : rates) {
    for (const Rate& b : rates) {
      const bool same_match = a.match == b.match;
      ASSERT_EQ(a.match.ToString() == b.match.ToString(), same_match);
      const bool same =
          same_match && a.provider == b.provider && a.effective_from_us == b.effective_from_us;
      ASSERT_EQ(RateKey(a) == RateKey(b), same);
    }
  }
}

TEST(RateCodec, EveryTruncationIsDataLoss) {
  const std::string bytes = EncodeRate(FullRate());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::Status status = DecodeRate(absl::string_view(bytes.data(), size)).status();
    ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_EQ(DecodeRate(bytes + "x").status().code(), absl::StatusCode::kDataLoss);
}

TEST(RateCodec, DamagedBytesAreAValidRateOrDataLoss) {
  std::mt19937_64 random(3);
  const std::string bytes = EncodeRate(FullRate());
  for (int i = 0; i < 50'000; ++i) {
    std::string damaged = bytes;
    for (uint64_t n = 1 + random() % 4; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const absl::StatusOr<Rate> decoded = DecodeRate(damaged);
    if (decoded.ok()) {
      ASSERT_TRUE(ValidateRate(*decoded).ok());
    } else {
      ASSERT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

TEST(RateCodec, MatchesNestedWithoutEndAreDataLoss) {
  std::string bytes("\x01\x00", 2);
  for (int i = 0; i < 100'000; ++i) {
    bytes += "\x05\x01";
  }
  EXPECT_EQ(DecodeRate(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(RateCodec, ALaterVersionIsNamed) {
  std::string bytes = EncodeRate(FullRate());
  bytes[0] = 4;
  EXPECT_THAT(std::string(DecodeRate(bytes).status().message()), HasSubstr("version 4"));
}

TEST(RateCodec, TermsAreKeptAndOnlyTheAttributeTellsRatesApart) {
  Rate rate = FullRate();
  rate.multiplier_ppm = 800'000;
  rate.currency = "EUR";
  rate.note = "as agreed";
  rate.recorded_at_us = 1'773'360'000'000'001;
  EXPECT_EQ(RateKey(rate), RateKey(FullRate()));
  Rate contract = rate;
  contract.attribute_key = "tenant";
  contract.attribute_value = "acme";
  EXPECT_NE(RateKey(contract), RateKey(rate));
  for (const Rate& kept : {rate, contract}) {
    const std::string bytes = EncodeRate(kept);
    EXPECT_EQ(bytes[0], 3);
    EXPECT_EQ(*DecodeRate(bytes), kept);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeRate(bytes.substr(0, size)).ok()) << size;
    }
  }
}

TEST(RateCodec, ARateIsInNoLaterVersionThanItNeeds) {
  std::string bytes = EncodeRate(FullRate());
  bytes[0] = 2;
  bytes += std::string(5, '\0');  // It says nothing that version 1 could not say.
  EXPECT_FALSE(DecodeRate(bytes).ok());
}

TEST(RateCodec, OriginAndHoursAreKeptAndTellRatesApart) {
  const Rate plain = FullRate();
  Rate bundled = plain;
  bundled.origin = RateOrigin::kBundled;
  Rate by_hour = plain;
  by_hour.hours = {.from_s = 1'800, .to_s = 59'400};
  Rate by_tier = plain;
  by_tier.service_tier = "flex";
  Rate by_region = plain;
  by_region.region = "flex";
  EXPECT_EQ(EncodeRate(plain)[0], 1);
  for (const Rate& rate : {bundled, by_hour, by_tier, by_region}) {
    const std::string bytes = EncodeRate(rate);
    EXPECT_EQ(bytes[0], 2);
    const absl::StatusOr<Rate> decoded = DecodeRate(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, rate);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(DecodeRate(absl::string_view(bytes.data(), size)).status().code(),
                absl::StatusCode::kDataLoss);
    }
  }
  EXPECT_NE(RateKey(plain), RateKey(bundled));
  EXPECT_NE(RateKey(plain), RateKey(by_hour));
  EXPECT_NE(RateKey(bundled), RateKey(by_hour));
  EXPECT_NE(RateKey(plain), RateKey(by_tier));
  EXPECT_NE(RateKey(by_tier), RateKey(by_region));
}

TEST(RateCodec, HoursBeyondADayAreDataLoss) {
  Rate rate = FullRate();
  rate.hours = {.from_s = 0, .to_s = 86'400};
  const absl::Status status = DecodeRate(EncodeRate(rate)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("second 86400"));
}

TEST(RateCodec, PricesOutOfRangeAreDataLoss) {
  Rate rate = FullRate();
  rate.prices[0] = kPriceMaxPicos + 1;
  const absl::Status status = DecodeRate(EncodeRate(rate)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("from 0 to 1000"));
}

}  // namespace
}  // namespace itemized
