// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <vector>

#include "gtest/gtest.h"

#include "storage/sketch/histogram.h"
#include "tests/storage/sketch/values.h"

namespace itemized {
namespace {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

TEST(Histogram, MergingEqualsAddingAllValuesInEitherOrder) {
  for (const Sample& a : Samples()) {
    for (const Sample& b : Samples()) {
      std::vector<int64_t> both = a.values;
      both.insert(both.end(), b.values.begin(), b.values.end());
      const Histogram expected = Of(both);
      Histogram a_then_b = Of(a.values);
      a_then_b.Merge(Of(b.values));
      EXPECT_EQ(a_then_b, expected) << a.name << ", " << b.name;
      Histogram b_then_a = Of(b.values);
      b_then_a.Merge(Of(a.values));
      EXPECT_EQ(b_then_a, expected) << a.name << ", " << b.name;
    }
  }
}

TEST(Histogram, SubtractingWhatWasMergedGivesBackTheOriginal) {
  for (const Sample& a : Samples()) {
    for (const Sample& b : Samples()) {
      const Histogram original = Of(a.values);
      Histogram histogram = original;
      histogram.Merge(Of(b.values));
      histogram.Subtract(Of(b.values));
      EXPECT_EQ(histogram, original) << a.name << ", " << b.name;
    }
  }
}

TEST(Histogram, RoomThatWasReservedMakesNoDifference) {
  for (const Sample& a : Samples()) {
    for (const Sample& b : Samples()) {
      const Histogram first = Of(a.values);
      const Histogram second = Of(b.values);
      Histogram expected = first;
      expected.Merge(second);
      Histogram reserved;
      reserved.Reserve({&first, &second});
      EXPECT_EQ(reserved, Histogram()) << a.name << ", " << b.name;
      reserved.Merge(first);
      reserved.Merge(second);
      EXPECT_EQ(reserved, expected) << a.name << ", " << b.name;
      Histogram grown = first;
      grown.Reserve({&second});
      EXPECT_EQ(grown, first) << a.name << ", " << b.name;
      grown.Merge(second);
      EXPECT_EQ(grown, expected) << a.name << ", " << b.name;
      grown.Subtract(second);
      EXPECT_EQ(grown, first) << a.name << ", " << b.name;
    }
  }
}

// Several cells at once, of which some outgrow 64 bits when they are merged.
TEST(Histogram, MergingBeyond64BitsIsExactAndCanBeTakenBack) {
  for (const bool is_compact : {false, true}) {
    Histogram large;
    Histogram small;
    for (int64_t i = 0; i < 100; ++i) {
      large.Add(kInt64Max - i * (kInt64Max / 200));
      small.Add(1'000'000 + i * 100'000);
    }
    if (is_compact) {
      large.Compact();
    }
    Histogram merged = small;
    Histogram expected = small;
    for (int times = 0; times < 3; ++times) {
      merged.Merge(large);
      for (int64_t i = 0; i < 100; ++i) {
        expected.Add(kInt64Max - i * (kInt64Max / 200));
      }
      EXPECT_EQ(merged, expected) << times;
    }
    for (int times = 0; times < 3; ++times) {
      merged.Subtract(large);
    }
    EXPECT_EQ(merged, small);
    merged.Subtract(small);
    EXPECT_EQ(merged, Histogram());
  }
}

TEST(HistogramDeathTest, SubtractingWhatWasNeverMergedIsABug) {
  Histogram histogram;
  for (int64_t i = 0; i < 100; ++i) {
    histogram.Add(1'000'000 + i * 100'000);
  }
  EXPECT_DEATH(histogram.Subtract(Of({1'000'000, 1'000'000})), "");
  EXPECT_DEATH(histogram.Subtract(Of({1'000'001})), "");
}

TEST(Histogram, MergesAndSubtractsItself) {
  const std::vector<int64_t> values = {1, 300, 1'000'000};
  Histogram histogram = Of(values);
  histogram.Merge(histogram);
  EXPECT_EQ(histogram, Of({1, 300, 1'000'000, 1, 300, 1'000'000}));
  histogram.Subtract(histogram);
  EXPECT_EQ(histogram, Histogram());
}

TEST(Histogram, MergingNothingChangesNothing) {
  Histogram histogram = Of({1, 300});
  histogram.Merge(Histogram());
  histogram.Subtract(Histogram());
  EXPECT_EQ(histogram, Of({1, 300}));
}

}  // namespace
}  // namespace itemized
