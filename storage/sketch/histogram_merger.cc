#include <algorithm>

#include "storage/base/check.h"
#include "storage/sketch/histogram.h"

namespace itemized {

HistogramMerger::HistogramMerger() : counts_(kBucketCount), sums_(kBucketCount) {}

void HistogramMerger::Add(int64_t value, int64_t weight) {
  const BucketIndex bucket = BucketOf(value);
  CHECK(!__builtin_add_overflow(count_, weight, &count_));
  counts_[bucket] += weight;
  sums_[bucket] += absl::int128(value) * weight;
  low_ = std::min<int>(low_, bucket);
  high_ = std::max<int>(high_, bucket + 1);
}

void HistogramMerger::Merge(const Histogram& histogram) {
  if (histogram.empty()) {
    return;
  }
  CHECK(!__builtin_add_overflow(count_, histogram.count_, &count_));
  for (size_t i = 0; i < histogram.buckets_.size(); ++i) {
    const BucketIndex bucket = histogram.buckets_[i];
    counts_[bucket] += histogram.counts_[i];
    sums_[bucket] += histogram.sums_[i];
  }
  low_ = std::min<int>(low_, histogram.buckets_.front());
  high_ = std::max<int>(high_, histogram.buckets_.back() + 1);
}

int64_t HistogramMerger::Quantile(double q) const {
  CHECK(count_ >= 0);
  if (count_ == 0) {
    return 0;
  }
  const size_t low = static_cast<size_t>(low_);
  const auto counts = absl::MakeConstSpan(counts_).subspan(low, static_cast<size_t>(high_) - low);
  const size_t bucket = low + BucketAtRank(counts, QuantileRank(q, count_));
  return BucketMean(sums_[bucket], counts_[bucket]);
}

Histogram HistogramMerger::ToHistogram() const {
  Histogram histogram;
  histogram.count_ = count_;
  for (int i = low_; i < high_; ++i) {
    const size_t bucket = static_cast<size_t>(i);
    if (counts_[bucket] == 0) {
      CHECK(sums_[bucket] == 0);
      continue;
    }
    histogram.buckets_.push_back(static_cast<BucketIndex>(i));
    histogram.counts_.push_back(counts_[bucket]);
    histogram.sums_.push_back(sums_[bucket]);
    histogram.sum_ += sums_[bucket];
    histogram.CheckBucket(histogram.buckets_.size() - 1);
  }
  return histogram;
}

void HistogramMerger::Clear() {
  if (low_ < high_) {
    std::fill(counts_.begin() + low_, counts_.begin() + high_, 0);
    std::fill(sums_.begin() + low_, sums_.begin() + high_, 0);
  }
  low_ = kBucketCount;
  high_ = 0;
  count_ = 0;
}

}  // namespace itemized
