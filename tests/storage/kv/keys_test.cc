// SPDX-License-Identifier: Apache-2.0
// The bytes of every key, as storage/FORMAT.md ("Families") has them. If one of these tests
// fails, stores of earlier versions cannot be read.

#include "storage/kv/keys.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

namespace itemized {
namespace {

std::string Hex(absl::string_view key) {
  return absl::BytesToHexString(key);
}

TEST(Keys, HaveTheBytesOfTheExampleInTheFormat) {
  EXPECT_EQ(Hex(keys::Block(Hour(498'192), 7)),
            "00079a10"
            "0000000000000007");
}

TEST(Keys, FamiliesHaveTheseNumbers) {
  EXPECT_EQ(static_cast<int>(Family::kMeta), 0);
  EXPECT_EQ(static_cast<int>(Family::kLog), 1);
  EXPECT_EQ(static_cast<int>(Family::kRollups), 2);
  EXPECT_EQ(static_cast<int>(Family::kRuns), 3);
  EXPECT_EQ(static_cast<int>(Family::kOutcomes), 4);
}

TEST(Keys, HaveTheseBytes) {
  EXPECT_EQ(Hex(keys::Entry(258)),
            "67"
            "0000000000000102");
  EXPECT_EQ(Hex(keys::Name(3, 258)),
            "6e"
            "03"
            "00000102");
  EXPECT_EQ(Hex(keys::Series(258)),
            "73"
            "00000102");
  EXPECT_EQ(Hex(keys::Producer("0123456789abcdef")),
            "70"
            "30313233343536373839616263646566");
  EXPECT_EQ(keys::Rate("key"), "r/key");
  EXPECT_EQ(Hex(keys::BlocksOf(Hour(258))), "00000102");
  EXPECT_EQ(Hex(keys::Rollup(1, 258, Day(515))),
            "01"
            "00000102"
            "00000203");
  EXPECT_EQ(Hex(keys::Outcome(keys::kOutcomesOfWorkflow, 258, Hour(515))),
            "6f"
            "00000102"
            "00000203");
  EXPECT_EQ(Hex(keys::Outcome(keys::kUnsurfacedOfSeries, 258, Hour(515))),
            "75"
            "00000102"
            "00000203");
}

TEST(Keys, SingleRowsHaveTheseNames) {
  const std::vector<std::string> names = {
      keys::kVersion,   keys::kIdKey,       keys::kApplied,   keys::kEventsFirstHour,
      keys::kRepricing, keys::kTrustedTime, keys::kWatermark, keys::kViewsFirstHour};
  EXPECT_EQ(names,
            (std::vector<std::string>{"version", "k", "l", "h", "repricing", "t", "w", "d"}));
}

TEST(Keys, OfTheMetaFamilyDoNotCollide) {
  const std::vector<std::string> many = {keys::kEntries, keys::kNames, keys::kSeries,
                                         keys::kProducers, keys::kRates};
  const std::vector<std::string> single = {
      keys::kVersion,        keys::kIdKey,     keys::kApplied,    keys::kEventsFirstHour,
      keys::kViewsFirstHour, keys::kRepricing, keys::kTrustedTime};
  for (const std::string& prefix : many) {
    EXPECT_EQ(std::count(many.begin(), many.end(), prefix), 1);
    for (const std::string& key : single) {
      EXPECT_FALSE(prefix <= key && key < keys::Past(prefix)) << prefix << " covers " << key;
    }
  }
}

TEST(Keys, AreInTheOrderOfTheirNumbers) {
  const std::vector<uint32_t> numbers = {0, 1, 255, 256, 65'535, 1U << 24, UINT32_MAX};
  for (size_t i = 0; i + 1 < numbers.size(); ++i) {
    const uint32_t low = numbers[i];
    const uint32_t high = numbers[i + 1];
    EXPECT_LT(keys::Entry(low), keys::Entry(high));
    EXPECT_LT(keys::Name(1, low), keys::Name(1, high));
    EXPECT_LT(keys::Series(low), keys::Series(high));
    EXPECT_LT(keys::Block(Hour(low), UINT64_MAX), keys::BlocksOf(Hour(high)));
    EXPECT_LT(keys::Block(Hour(7), low), keys::Block(Hour(7), high));
    EXPECT_LT(keys::Rollup(1, low, Day(UINT32_MAX)), keys::Rollup(1, high, Day(0)));
    EXPECT_LT(keys::Rollup(1, 7, Day(low)), keys::Rollup(1, 7, Day(high)));
    EXPECT_LT(keys::Outcome('o', low, Hour(UINT32_MAX)), keys::Outcome('o', high, Hour(0)));
    EXPECT_LT(keys::Outcome('o', 7, Hour(low)), keys::Outcome('o', 7, Hour(high)));
  }
  EXPECT_LT(keys::Name(0, UINT32_MAX), keys::Name(1, 0));
  EXPECT_LT(keys::Entry(UINT64_MAX - 1), keys::Entry(UINT64_MAX));
}

TEST(Keys, PastEndsTheKeysOfAPrefix) {
  EXPECT_EQ(keys::Past("r/"), "r0");
  EXPECT_EQ(keys::Past("g"), "h");
  EXPECT_EQ(keys::Past("a\xff\xff"), "b");
  EXPECT_EQ(keys::Past("\xff\xff"), "");
  EXPECT_LT(keys::Entry(UINT64_MAX), keys::Past(keys::kEntries));
  EXPECT_LT(keys::Name(3, UINT32_MAX), keys::Past(keys::kNames));
  EXPECT_LT(keys::Rate("\xff\xff\xff"), keys::Past(keys::kRates));
}

TEST(Keys, AWatermarkLiesAboveEveryRowOfItsFamily) {
  EXPECT_LT(keys::Rollup(3, UINT32_MAX, Day(UINT32_MAX)), keys::kWatermark);
  EXPECT_LT(keys::Outcome(keys::kOutcomesOfWorkflow, UINT32_MAX, Hour(UINT32_MAX)),
            keys::kWatermark);
  EXPECT_LT(keys::Outcome(keys::kUnsurfacedOfSeries, UINT32_MAX, Hour(UINT32_MAX)),
            keys::kWatermark);
  EXPECT_LT("\xf4\x8f\xbf\xbf", std::string(keys::kRunsWatermark));  // The last of UTF-8.
}

}  // namespace
}  // namespace itemized
