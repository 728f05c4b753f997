// SPDX-License-Identifier: Apache-2.0
// The promise: at every rank the quantile is within 1/128 of the exact order
// statistic, and exact where the bucket holds one distinct value. The oracle
// is the sorted list of values.

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

#include "storage/sketch/histogram.h"
#include "tests/storage/sketch/values.h"

namespace itemized {
namespace {

absl::int128 Distance(absl::int128 a, absl::int128 b) {
  return a < b ? b - a : a - b;
}

// Which values are alone in their bucket.
class Alone {
 public:
  explicit Alone(const std::vector<int64_t>& values) {
    for (const int64_t value : values) {
      distinct_[BucketOf(value)].insert(value);
    }
  }
  bool operator()(int64_t value) const { return distinct_.at(BucketOf(value)).size() == 1; }

 private:
  std::map<BucketIndex, std::set<int64_t>> distinct_;
};

void ExpectPromiseKept(const Histogram& histogram, std::vector<int64_t> values) {
  ASSERT_EQ(histogram.count(), static_cast<int64_t>(values.size()));
  std::sort(values.begin(), values.end());
  const Alone alone(values);
  for (size_t rank = 1; rank <= values.size(); ++rank) {
    const int64_t exact = values[rank - 1];
    const double q = static_cast<double>(rank) / static_cast<double>(values.size());
    const int64_t answer = histogram.Quantile(q);
    ASSERT_LE(Distance(answer, exact) * 128, exact) << "rank " << rank;
    if (alone(exact)) {
      ASSERT_EQ(answer, exact) << "rank " << rank;
    }
  }
}

TEST(HistogramPromise, HoldsAtEveryRankOfEverySample) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    Histogram histogram;
    for (const int64_t value : sample.values) {
      histogram.Add(value);
    }
    ExpectPromiseKept(histogram, sample.values);
  }
}

TEST(HistogramPromise, HoldsAfterTheMergeOfAllSamples) {
  Histogram merged;
  std::vector<int64_t> values;
  for (const Sample& sample : Samples()) {
    Histogram histogram;
    for (const int64_t value : sample.values) {
      histogram.Add(value);
    }
    merged.Merge(histogram);
    values.insert(values.end(), sample.values.begin(), sample.values.end());
  }
  ExpectPromiseKept(merged, values);
}

// A histogram with the values that it stands for.
struct Tracked {
  Histogram histogram;
  std::vector<int64_t> values;

  void Add(int64_t value) {
    histogram.Add(value);
    values.push_back(value);
  }
  void TakeAway(size_t position) {
    histogram.Add(values[position], -1);
    values[position] = values.back();
    values.pop_back();
  }
};

TEST(HistogramPromise, HoldsAfterRandomMergesAndSubtractions) {
  std::mt19937_64 random(9);
  const std::vector<Sample> samples = Samples();
  for (int round = 0; round < 40; ++round) {
    Tracked total;
    std::vector<Tracked> merged;
    for (int step = 0; step < 30; ++step) {
      if (!merged.empty() && random() % 3 == 0) {
        std::swap(merged[random() % merged.size()], merged.back());
        total.histogram.Subtract(merged.back().histogram);
        merged.pop_back();
        continue;
      }
      const std::vector<int64_t>& values = samples[random() % samples.size()].values;
      Tracked part;
      for (uint64_t left = random() % 100; left > 0; --left) {
        part.Add(values[random() % values.size()]);
      }
      total.histogram.Merge(part.histogram);
      merged.push_back(part);
    }
    for (const Tracked& part : merged) {
      total.values.insert(total.values.end(), part.values.begin(), part.values.end());
    }
    for (size_t left = total.values.size() / 3; left > 0; --left) {
      total.TakeAway(random() % total.values.size());
    }
    SCOPED_TRACE(round);
    ExpectPromiseKept(total.histogram, total.values);
  }
}

}  // namespace
}  // namespace itemized
