// SPDX-License-Identifier: Apache-2.0
#include "storage/sketch/histogram.h"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/storage/sketch/values.h"

namespace itemized {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

TEST(Bucket, BucketsCoverAllValuesWithoutGapOrOverlap) {
  EXPECT_EQ(BucketLow(0), 0);
  for (int i = 0; i < kBucketCount; ++i) {
    const BucketIndex bucket = static_cast<BucketIndex>(i);
    EXPECT_EQ(BucketOf(BucketLow(bucket)), bucket);
    EXPECT_EQ(BucketOf(BucketHigh(bucket)), bucket);
    if (i + 1 < kBucketCount) {
      EXPECT_EQ(BucketLow(static_cast<BucketIndex>(i + 1)), BucketHigh(bucket) + 1);
    }
  }
  EXPECT_EQ(BucketHigh(kBucketCount - 1), kInt64Max);
}

TEST(Bucket, ABucketIsOneValueBelow256AndAtMostA128thAbove) {
  for (int i = 0; i < kBucketCount; ++i) {
    const int64_t low = BucketLow(static_cast<BucketIndex>(i));
    const int64_t width_less_1 = BucketHigh(static_cast<BucketIndex>(i)) - low;
    EXPECT_LE(width_less_1, low < 256 ? 0 : low / 128 - 1) << i;
  }
}

TEST(Bucket, IndicesNeverChange) {
  EXPECT_EQ(BucketOf(0), 0);
  EXPECT_EQ(BucketOf(255), 255);
  EXPECT_EQ(BucketOf(256), 256);
  EXPECT_EQ(BucketOf(257), 256);
  EXPECT_EQ(BucketOf(258), 257);
  EXPECT_EQ(BucketOf(512), 384);
  EXPECT_EQ(BucketOf(1'000'000), 1780);
  EXPECT_EQ(BucketOf(147'000'000'000), 3976);
  EXPECT_EQ(BucketOf(kInt64Max), 7295);
  EXPECT_EQ(kBucketCount, 7296);
}

TEST(BucketDeathTest, ANegativeValueIsABug) {
  EXPECT_DEATH(BucketOf(-1), "CHECK failed");
}

TEST(QuantileRank, IsTheNearestRank) {
  EXPECT_EQ(QuantileRank(0, 10), 1);
  EXPECT_EQ(QuantileRank(0.5, 1), 1);
  EXPECT_EQ(QuantileRank(0.5, 2), 1);
  EXPECT_EQ(QuantileRank(0.5, 3), 2);
  EXPECT_EQ(QuantileRank(0.95, 20), 19);
  EXPECT_EQ(QuantileRank(0.95, 21), 20);
  EXPECT_EQ(QuantileRank(0.01, 1000), 10);
  EXPECT_EQ(QuantileRank(1, 10), 10);
}

TEST(QuantileRank, APercentageOfAWholeNumberOfHundredsIsWhole) {
  for (int64_t hundreds : {int64_t{1}, int64_t{7}, int64_t{12'345}, int64_t{1'000'000'007}}) {
    for (int percent = 1; percent <= 100; ++percent) {
      EXPECT_EQ(QuantileRank(percent / 100.0, hundreds * 100), percent * hundreds);
    }
  }
}

TEST(QuantileRank, AFractionOfTheCountIsThatRank) {
  for (int64_t count = 1; count < 400; ++count) {
    for (int64_t rank = 1; rank <= count; ++rank) {
      const double q = static_cast<double>(rank) / static_cast<double>(count);
      ASSERT_EQ(QuantileRank(q, count), rank) << rank << " of " << count;
    }
  }
}

TEST(QuantileRank, StaysWithinTheLargestCounts) {
  EXPECT_EQ(QuantileRank(1, kInt64Max), kInt64Max);
  EXPECT_LE(QuantileRank(0.999999999999999, kInt64Max), kInt64Max);
  EXPECT_EQ(QuantileRank(0, kInt64Max), 1);
}

TEST(QuantileRankDeathTest, AQuantileOutsideZeroToOneIsABug) {
  EXPECT_DEATH(QuantileRank(-0.1, 1), "CHECK failed");
  EXPECT_DEATH(QuantileRank(1.1, 1), "CHECK failed");
  EXPECT_DEATH(QuantileRank(std::numeric_limits<double>::quiet_NaN(), 1), "CHECK failed");
}

TEST(Histogram, AnEmptyOneHasNoQuantile) {
  const Histogram empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.Quantile(0.5), 0);
  EXPECT_EQ(empty.sum(), 0);
}

TEST(Histogram, KeepsCountAndSumOfEachBucketInUse) {
  const Histogram histogram = Of({1'000'001, 5, 1'000'000, 5, 0});
  EXPECT_THAT(histogram.Buckets(),
              ElementsAre(HistogramBucket{.index = 0, .count = 1, .sum = 0},
                          HistogramBucket{.index = 5, .count = 2, .sum = 10},
                          HistogramBucket{.index = 1780, .count = 2, .sum = 2'000'001}));
  EXPECT_EQ(histogram.count(), 5);
  EXPECT_EQ(histogram.sum(), 2'000'011);
}

TEST(Histogram, AQuantileIsTheMeanOfItsBucketRoundedHalfToEven) {
  EXPECT_EQ(Of({1'000'000, 1'000'001}).Quantile(0.5), 1'000'000);
  EXPECT_EQ(Of({1'000'001, 1'000'002}).Quantile(0.5), 1'000'002);
  EXPECT_EQ(Of({1'000'000, 1'000'001, 1'000'001}).Quantile(0.5), 1'000'001);
}

TEST(Histogram, AWeightCountsAValueThatOften) {
  Histogram weighted;
  weighted.Add(1'000'000, 3);
  weighted.Add(7, 0);
  EXPECT_EQ(weighted, Of({1'000'000, 1'000'000, 1'000'000}));
  weighted.Add(1'000'000, -2);
  EXPECT_EQ(weighted, Of({1'000'000}));
  weighted.Add(1'000'000, -1);
  EXPECT_EQ(weighted, Histogram());
  EXPECT_THAT(weighted.Buckets(), IsEmpty());
}

TEST(Histogram, AddingManyAtOnceIsAddingEach) {
  for (const Sample& sample : Samples()) {
    std::vector<int8_t> weights(sample.values.size(), 1);
    std::vector<uint32_t> all;
    std::vector<uint32_t> every_third;
    for (uint32_t i = 0; i < sample.values.size(); ++i) {
      all.push_back(i);
      if (i % 3 == 0) {
        every_third.push_back(i);
      }
    }
    Histogram together;
    together.AddEach(sample.values, weights, all);
    EXPECT_EQ(together, Of(sample.values)) << sample.name;
    Histogram expected = together;
    for (const uint32_t i : every_third) {
      expected.Add(sample.values[i], -1);
      weights[i] = -1;
    }
    together.AddEach(sample.values, weights, every_third);
    EXPECT_EQ(together, expected) << sample.name;
  }
}

TEST(Histogram, HoldsTheLargestCountOfTheLargestValue) {
  Histogram histogram;
  histogram.Add(kInt64Max, kInt64Max);
  EXPECT_EQ(histogram.sum(), absl::int128(kInt64Max) * kInt64Max);
  EXPECT_EQ(histogram.Quantile(0.5), kInt64Max);
  histogram.Add(kInt64Max, -kInt64Max);
  EXPECT_EQ(histogram, Histogram());
}

TEST(Histogram, TheOrderOfAddingMakesNoDifference) {
  std::mt19937_64 random(7);
  for (Sample& sample : Samples()) {
    const Histogram reference = Of(sample.values);
    for (int i = 0; i < 3; ++i) {
      std::shuffle(sample.values.begin(), sample.values.end(), random);
      EXPECT_EQ(Of(sample.values), reference) << sample.name;
    }
  }
}

TEST(Histogram, TheBucketSumsAddUpToTheTotal) {
  for (const Sample& sample : Samples()) {
    const Histogram histogram = Of(sample.values);
    absl::int128 expected = 0;
    for (const int64_t value : sample.values) {
      expected += value;
    }
    absl::int128 sum = 0;
    int64_t count = 0;
    for (const HistogramBucket& bucket : histogram.Buckets()) {
      sum += bucket.sum;
      count += bucket.count;
    }
    EXPECT_EQ(sum, expected) << sample.name;
    EXPECT_EQ(histogram.sum(), expected) << sample.name;
    EXPECT_EQ(count, histogram.count()) << sample.name;
    EXPECT_EQ(histogram.count(), static_cast<int64_t>(sample.values.size())) << sample.name;
  }
}

TEST(Histogram, TakingAwayEachValueLeavesNothing) {
  std::mt19937_64 random(8);
  for (Sample& sample : Samples()) {
    Histogram histogram = Of(sample.values);
    std::shuffle(sample.values.begin(), sample.values.end(), random);
    for (const int64_t value : sample.values) {
      histogram.Add(value, -1);
    }
    EXPECT_EQ(histogram, Histogram()) << sample.name;
  }
}

TEST(Histogram, ACompactOneIsTheSameAndGoesOnCounting) {
  std::mt19937_64 random(9);
  for (const Sample& sample : Samples()) {
    Histogram compacted;
    for (const int64_t value : sample.values) {
      compacted.Add(value);
      if (random() % 16 == 0) {
        compacted.Compact();
      }
    }
    const Histogram reference = Of(sample.values);
    EXPECT_EQ(compacted, reference) << sample.name;
    compacted.Compact();
    EXPECT_EQ(compacted, reference) << sample.name;
    for (const double q : {0.0, 0.01, 0.5, 0.95, 1.0}) {
      EXPECT_EQ(compacted.Quantile(q), reference.Quantile(q)) << sample.name << " " << q;
    }
  }
}

// Both forms, and what passes between them.
TEST(Histogram, SumsBeyond64BitsStayExactInEveryForm) {
  constexpr int64_t kLarge = kInt64Max - 1000;
  for (const int others : {1, 200}) {
    Histogram histogram;
    absl::int128 expected = 0;
    for (int i = 0; i < others; ++i) {
      histogram.Add(int64_t{1} << (i % 60));
      expected += int64_t{1} << (i % 60);
    }
    histogram.Add(kLarge, 5);
    histogram.Add(kLarge, 3);
    expected += absl::int128(kLarge) * 8;
    histogram.Compact();
    histogram.Add(1000);
    expected += 1000;
    absl::int128 sum = 0;
    for (const HistogramBucket& bucket : histogram.Buckets()) {
      sum += bucket.sum;
    }
    EXPECT_EQ(sum, expected);
    EXPECT_EQ(histogram.Quantile(1), kLarge);
    std::string bytes;
    histogram.EncodeTo(&bytes);
    absl::string_view in = bytes;
    EXPECT_EQ(*Histogram::DecodeFrom(&in), histogram);
    histogram.Add(kLarge, -7);
    EXPECT_EQ(histogram.Quantile(1), kLarge);
  }
}

TEST(HistogramDeathTest, TakingAwayWhatWasNeverAddedIsABug) {
  Histogram histogram = Of({1'000'001, 1'000'001});
  EXPECT_DEATH(histogram.Add(5, -1), "CHECK failed");
  EXPECT_DEATH(histogram.Add(1'000'001, -3), "CHECK failed");
  EXPECT_DEATH(histogram.Subtract(Of({5})), "CHECK failed");
  EXPECT_DEATH(histogram.Subtract(Of({1'000'001, 1'000'001, 1'000'001})), "CHECK failed");
}

TEST(HistogramDeathTest, TakingAwayAnotherValueOfTheBucketIsABug) {
  const int64_t low = BucketLow(BucketOf(1'000'000));
  const int64_t high = BucketHigh(BucketOf(1'000'000));
  Histogram lowest = Of({low, low});
  EXPECT_DEATH(lowest.Add(high, -1), "CHECK failed");
  Histogram highest = Of({high, high});
  EXPECT_DEATH(highest.Add(low, -1), "CHECK failed");
}

TEST(HistogramDeathTest, MoreValuesThanCanBeCountedIsABug) {
  Histogram histogram;
  histogram.Add(1, kInt64Max);
  EXPECT_DEATH(histogram.Add(2), "CHECK failed");
  EXPECT_DEATH(histogram.Merge(Of({2})), "CHECK failed");
}

}  // namespace
}  // namespace itemized
