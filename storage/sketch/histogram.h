#pragma once

// An integer log-linear histogram: 128 buckets to the octave, each with the
// count and the sum of its values. Values are non-negative (pico-dollars or
// microseconds).
//
// A quantile is the mean of the bucket that holds the order statistic. Bucket
// [lo, lo + width) has width <= lo / 128, or width 1 below 256, so the answer
// is within 1/128 of the exact one at every rank, and exact where the bucket
// holds one distinct value. Adding, merging and subtracting are exact and
// commute. The bucket scheme is that of HdrHistogram.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace itemized {

using BucketIndex = uint16_t;

inline constexpr int kSubBucketBits = 7;  // 2^7 = 128 buckets to the octave.
inline constexpr int kBucketCount = (64 - kSubBucketBits) << kSubBucketBits;

// The bucket of `value` >= 0, and the smallest and largest value of a bucket.
BucketIndex BucketOf(int64_t value);
int64_t BucketLow(BucketIndex bucket);
int64_t BucketHigh(BucketIndex bucket);

// Sparse: memory is proportional to the buckets in use. Not thread-safe.
class Histogram {
 public:
  // Counts `value` `weight` times; a negative weight takes away what was
  // added before (CHECKed).
  void Add(int64_t value, int64_t weight = 1);
  void Merge(const Histogram& other);
  void Subtract(const Histogram& other);

  int64_t count() const { return count_; }
  absl::int128 sum() const { return sum_; }
  bool empty() const { return count_ == 0; }

  // The nearest-rank quantile: of the ceil(q * count)-th smallest value, at
  // least the first; its bucket's mean, rounded half to even. 0 if empty.
  int64_t Quantile(double q) const;

  // The sparse buckets, by rising index; zero counts do not occur.
  absl::Span<const BucketIndex> buckets() const { return buckets_; }
  absl::Span<const int64_t> counts() const { return counts_; }
  absl::Span<const absl::int128> sums() const { return sums_; }

  // The persisted form (storage/FORMAT.md, "Histogram").
  void EncodeTo(std::string* out) const;
  // Reads one from the front of `*in` and advances it. DATA_LOSS if malformed.
  static absl::StatusOr<Histogram> DecodeFrom(absl::string_view* in);

  bool operator==(const Histogram&) const = default;

 private:
  friend class HistogramMerger;

  size_t FindOrInsert(BucketIndex bucket);
  // Makes room for the buckets of `other` that are missing here.
  void InsertMissing(const Histogram& other);
  void Place(size_t position, BucketIndex bucket, int64_t count, absl::int128 sum);
  void EraseIfZero(size_t position);
  void EraseZeros();
  void CheckBucket(size_t position) const;

  std::vector<BucketIndex> buckets_;
  std::vector<int64_t> counts_;
  std::vector<absl::int128> sums_;
  int64_t count_ = 0;
  absl::int128 sum_ = 0;
};

// A dense accumulator for merging many histograms: 180 KiB, so reuse it. What a
// negative weight takes away may be added later, but before it is asked for
// results (CHECKed). Not thread-safe.
class HistogramMerger {
 public:
  HistogramMerger();
  void Add(int64_t value, int64_t weight = 1);
  void Merge(const Histogram& histogram);
  int64_t count() const { return count_; }
  int64_t Quantile(double q) const;  // As Histogram::Quantile.
  Histogram ToHistogram() const;
  void Clear();

 private:
  std::vector<int64_t> counts_;
  std::vector<absl::int128> sums_;
  int low_ = kBucketCount;  // Buckets in use lie in [low_, high_).
  int high_ = 0;
  int64_t count_ = 0;
};

// The 1-based nearest rank of quantile `q` in [0, 1] among `count` > 0 values:
// ceil(q * count), where a product within rounding error of a whole number
// counts as that number, so that 0.07 of 100 is rank 7.
int64_t QuantileRank(double q, int64_t count);

// The position of the bucket that holds the `rank`-th value, counted from 1.
// CHECKs that there are that many.
size_t BucketAtRank(absl::Span<const int64_t> counts, int64_t rank);

// The mean of a bucket's values, rounded half to even.
int64_t BucketMean(absl::int128 sum, int64_t count);

}  // namespace itemized
