#include "storage/sketch/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "storage/base/check.h"
#include "storage/base/money.h"

namespace itemized {
namespace {

constexpr int kSubBuckets = 1 << kSubBucketBits;

void AddChecked(int64_t* total, int64_t amount) {
  CHECK(!__builtin_add_overflow(*total, amount, total));
}

int64_t BucketWidth(BucketIndex bucket) {
  return bucket < kSubBuckets ? 1 : int64_t{1} << (bucket / kSubBuckets - 1);
}

// How many of `wanted` are not among `present`; both rise.
size_t MissingCount(absl::Span<const BucketIndex> present, absl::Span<const BucketIndex> wanted) {
  size_t missing = 0;
  size_t i = 0;
  for (const BucketIndex bucket : wanted) {
    while (i < present.size() && present[i] < bucket) {
      ++i;
    }
    if (i == present.size() || present[i] != bucket) {
      ++missing;
    }
  }
  return missing;
}

}  // namespace

BucketIndex BucketOf(int64_t value) {
  CHECK(value >= 0);
  const uint64_t bits = static_cast<uint64_t>(value);
  const int shift = std::max(63 - kSubBucketBits - std::countl_zero(bits), 0);
  return static_cast<BucketIndex>((static_cast<uint64_t>(shift) << kSubBucketBits) +
                                  (bits >> shift));
}

int64_t BucketLow(BucketIndex bucket) {
  CHECK(bucket < kBucketCount);
  if (bucket < kSubBuckets) {
    return bucket;
  }
  return (kSubBuckets + bucket % kSubBuckets) * BucketWidth(bucket);
}

int64_t BucketHigh(BucketIndex bucket) {
  return BucketLow(bucket) + (BucketWidth(bucket) - 1);
}

int64_t QuantileRank(double q, int64_t count) {
  CHECK(q >= 0 && q <= 1);
  CHECK(count > 0);
  if (q == 1) {
    return count;
  }
  constexpr double kRoundingError = 0x1p-50;
  const double product = q * static_cast<double>(count);
  const double rank = std::ceil(product * (1 - kRoundingError));
  if (rank >= static_cast<double>(count)) {
    return count;
  }
  return std::max<int64_t>(static_cast<int64_t>(rank), 1);
}

size_t BucketAtRank(absl::Span<const int64_t> counts, int64_t rank) {
  int64_t below = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    CHECK(counts[i] >= 0);
    if (rank - below <= counts[i]) {
      return i;
    }
    below += counts[i];
  }
  CHECK(false);
}

int64_t BucketMean(absl::int128 sum, int64_t count) {
  return static_cast<int64_t>(DivideRounded(sum, count));
}

size_t Histogram::FindOrInsert(BucketIndex bucket) {
  const auto found = std::lower_bound(buckets_.begin(), buckets_.end(), bucket);
  const auto position = found - buckets_.begin();
  if (found == buckets_.end() || *found != bucket) {
    buckets_.insert(found, bucket);
    counts_.insert(counts_.begin() + position, 0);
    sums_.insert(sums_.begin() + position, 0);
  }
  return static_cast<size_t>(position);
}

void Histogram::CheckBucket(size_t position) const {
  const BucketIndex bucket = buckets_[position];
  const absl::int128 count = counts_[position];
  CHECK(count >= 0);
  CHECK(sums_[position] >= count * BucketLow(bucket));
  CHECK(sums_[position] <= count * BucketHigh(bucket));
}

void Histogram::EraseIfZero(size_t position) {
  if (counts_[position] != 0) {
    return;
  }
  const auto offset = static_cast<std::ptrdiff_t>(position);
  buckets_.erase(buckets_.begin() + offset);
  counts_.erase(counts_.begin() + offset);
  sums_.erase(sums_.begin() + offset);
}

void Histogram::EraseZeros() {
  size_t kept = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    if (counts_[i] != 0) {
      Place(kept++, buckets_[i], counts_[i], sums_[i]);
    }
  }
  buckets_.resize(kept);
  counts_.resize(kept);
  sums_.resize(kept);
}

void Histogram::Add(int64_t value, int64_t weight) {
  if (weight == 0) {
    return;
  }
  const absl::int128 amount = absl::int128(value) * weight;
  const size_t position = FindOrInsert(BucketOf(value));
  AddChecked(&count_, weight);
  sum_ += amount;
  counts_[position] += weight;
  sums_[position] += amount;
  if (weight < 0) {
    CheckBucket(position);
    EraseIfZero(position);
  }
}

void Histogram::InsertMissing(const Histogram& other) {
  size_t from = buckets_.size();
  size_t to = from + MissingCount(buckets_, other.buckets_);
  buckets_.resize(to);
  counts_.resize(to);
  sums_.resize(to);
  // From the back, so that nothing is overwritten before it has moved; once
  // `from` == `to` the rest is in place.
  for (size_t j = other.buckets_.size(); from != to;) {
    const bool is_new = j > 0 && (from == 0 || buckets_[from - 1] < other.buckets_[j - 1]);
    if (is_new) {
      Place(--to, other.buckets_[--j], 0, 0);
      continue;
    }
    --from;
    if (j > 0 && buckets_[from] == other.buckets_[j - 1]) {
      --j;
    }
    Place(--to, buckets_[from], counts_[from], sums_[from]);
  }
}

void Histogram::Place(size_t position, BucketIndex bucket, int64_t count, absl::int128 sum) {
  buckets_[position] = bucket;
  counts_[position] = count;
  sums_[position] = sum;
}

void Histogram::Merge(const Histogram& other) {
  AddChecked(&count_, other.count_);
  sum_ += other.sum_;
  InsertMissing(other);
  for (size_t i = 0, j = 0; j < other.buckets_.size(); ++i, ++j) {
    while (buckets_[i] < other.buckets_[j]) {
      ++i;
    }
    counts_[i] += other.counts_[j];
    sums_[i] += other.sums_[j];
  }
}

void Histogram::Subtract(const Histogram& other) {
  count_ -= other.count_;
  sum_ -= other.sum_;
  for (size_t i = 0, j = 0; j < other.buckets_.size(); ++i, ++j) {
    while (i < buckets_.size() && buckets_[i] < other.buckets_[j]) {
      ++i;
    }
    CHECK(i < buckets_.size() && buckets_[i] == other.buckets_[j]);
    counts_[i] -= other.counts_[j];
    sums_[i] -= other.sums_[j];
    CheckBucket(i);
  }
  EraseZeros();
}

int64_t Histogram::Quantile(double q) const {
  if (count_ == 0) {
    return 0;
  }
  const size_t position = BucketAtRank(counts_, QuantileRank(q, count_));
  return BucketMean(sums_[position], counts_[position]);
}

}  // namespace itemized
