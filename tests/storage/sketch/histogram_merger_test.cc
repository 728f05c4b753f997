#include <limits>

#include "gtest/gtest.h"

#include "storage/sketch/histogram.h"
#include "tests/storage/sketch/values.h"

namespace itemized {
namespace {

void ExpectEqual(const HistogramMerger& merger, const Histogram& histogram) {
  EXPECT_EQ(merger.ToHistogram(), histogram);
  EXPECT_EQ(merger.count(), histogram.count());
  for (int percent = 0; percent <= 100; ++percent) {
    const double q = percent / 100.0;
    ASSERT_EQ(merger.Quantile(q), histogram.Quantile(q)) << q;
  }
}

TEST(HistogramMerger, EqualsTheHistogramOfTheSameValues) {
  HistogramMerger merger;
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    merger.Clear();
    Histogram histogram;
    for (const int64_t value : sample.values) {
      merger.Add(value);
      histogram.Add(value);
    }
    ExpectEqual(merger, histogram);
  }
}

TEST(HistogramMerger, EqualsTheMergeOfTheSameHistograms) {
  HistogramMerger merger;
  Histogram merged;
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    Histogram histogram;
    for (const int64_t value : sample.values) {
      histogram.Add(value);
    }
    merger.Merge(histogram);
    merged.Merge(histogram);
    ExpectEqual(merger, merged);
  }
}

TEST(HistogramMerger, WeightsCountAsInAHistogram) {
  HistogramMerger merger;
  Histogram histogram;
  for (const int64_t weight : {int64_t{5}, int64_t{-2}, int64_t{0}}) {
    merger.Add(1'000'001, weight);
    histogram.Add(1'000'001, weight);
  }
  ExpectEqual(merger, histogram);
  merger.Add(7, 0);
  ExpectEqual(merger, histogram);
}

TEST(HistogramMerger, WhatIsTakenAwayMayBeAddedLater) {
  HistogramMerger merger;
  Histogram expected;
  merger.Add(1'000'001, -1);
  merger.Add(5);
  merger.Add(1'000'001);
  expected.Add(5);
  ExpectEqual(merger, expected);
}

TEST(HistogramMerger, EmptyAndClearedOnesAreEmpty) {
  HistogramMerger merger;
  ExpectEqual(merger, Histogram());
  merger.Merge(Histogram());
  ExpectEqual(merger, Histogram());
  merger.Add(0);
  merger.Add(std::numeric_limits<int64_t>::max());
  merger.Clear();
  ExpectEqual(merger, Histogram());
  merger.Clear();
  ExpectEqual(merger, Histogram());
}

TEST(HistogramMergerDeathTest, TakingAwayWhatIsNeverAddedIsABug) {
  HistogramMerger merger;
  merger.Add(5, -1);
  merger.Add(1'000'000, 2);
  EXPECT_DEATH(merger.Quantile(0.5), "CHECK failed");
  EXPECT_DEATH(merger.ToHistogram(), "CHECK failed");
}

}  // namespace
}  // namespace itemized
