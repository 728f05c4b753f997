// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/sketch: histograms that merge and subtract exactly. May use base.

// An integer log-linear histogram: 128 buckets to the octave, each with the
// count and the sum of its values. Values are non-negative (pico-dollars or
// microseconds).
//
// A quantile is the mean of the bucket that holds the order statistic. Bucket
// [lo, lo + width) has width <= lo / 128, or width 1 below 256, so the answer
// is within 1/128 of the exact one at every rank, and exact where the bucket
// holds one distinct value. Adding, merging and subtracting are exact and
// commute.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/sketch/buckets.h"

namespace itemized {

// Count and sum of the values in one bucket.
struct HistogramBucket {
  BucketIndex index = 0;
  int64_t count = 0;
  absl::int128 sum = 0;

  bool operator==(const HistogramBucket&) const = default;
};

// A histogram is kept in one of two forms. The sparse one has a cell for each bucket in use: it is
// small but slow to add to. The dense one has a cell for every bucket between the lowest and the
// highest, so that adding is a look-up. A histogram that grows turns dense by itself; Compact makes
// it sparse again. The form makes no difference to any answer. Not thread-safe.
class Histogram {
 public:
  // Counts `value` `weight` times; a negative weight takes away what was
  // added before (CHECKed).
  void Add(int64_t value, int64_t weight = 1);
  // Adds values[i] with weights[i] for each i in `places`. This is faster than as many Adds, since
  // their cache misses overlap.
  void AddEach(absl::Span<const int64_t> values, absl::Span<const int8_t> weights,
               absl::Span<const uint32_t> places);
  void Merge(const Histogram& other);
  void Subtract(const Histogram& other);

  // Makes room for the buckets of `others`, so that neither merging them nor adding values in those
  // buckets has to grow the histogram.
  void Reserve(absl::Span<const Histogram* const> others);

  // Begins to fetch the memory that Add(value) will need into the cache.
  void Prefetch(int64_t value) const {
    const size_t cell = size_t{BucketOf(value)} - low_;
    if (dense_ && cell < cells_.size()) {
      __builtin_prefetch(&cells_[cell], /*rw=*/1);
    }
  }

  int64_t count() const { return count_; }
  absl::int128 sum() const { return sum_; }
  bool empty() const { return count_ == 0; }

  // Returns the nearest-rank quantile: the mean, rounded half to even, of the bucket that holds the
  // ceil(q * count)-th smallest value, or the first for q = 0. 0 if empty.
  int64_t Quantile(double q) const;

  // Returns the buckets in use, by rising index.
  std::vector<HistogramBucket> Buckets() const;

  // Makes the histogram sparse, which gives back the memory that fast adding takes.
  void Compact();

  // Appends the persisted form (storage/FORMAT.md, "Histogram").
  void EncodeTo(std::string* out) const;
  // Reads one from the front of `*in` and advances it. DATA_LOSS if malformed.
  static absl::StatusOr<Histogram> DecodeFrom(absl::string_view* in);

  friend bool operator==(const Histogram& a, const Histogram& b) {
    return a.count_ == b.count_ && a.sum_ == b.sum_ && a.Buckets() == b.Buckets();
  }

 private:
  struct Cell {
    int64_t count = 0;
    int64_t sum = 0;  // The low 64 bits if `sums_high_` has the others, else all of the sum.
  };

  BucketIndex BucketAt(size_t cell) const {
    return dense_ ? static_cast<BucketIndex>(low_ + cell) : indices_[cell];
  }
  absl::int128 SumAt(size_t cell) const {
    return sums_high_.empty()
               ? absl::int128(cells_[cell].sum)
               : absl::MakeInt128(sums_high_[cell], static_cast<uint64_t>(cells_[cell].sum));
  }
  void SetSum(size_t cell, absl::int128 sum);
  size_t CellOf(BucketIndex bucket);
  size_t SparseCellOf(BucketIndex bucket);
  // Adds a bucket above all others to the sparse form.
  void AppendSparse(const HistogramBucket& bucket);
  // Makes room for the buckets [low, high] in the dense form.
  void Cover(int low, int high);
  template <typename Place>
  void MergeDense(const Histogram& other, Place place);
  bool SubtractDense(const Histogram& other);
  void AddToBucket(BucketIndex bucket, int64_t count, absl::int128 sum);
  void CheckCell(size_t cell) const;
  void EncodeShort(size_t used, std::string* out) const;
  void EraseIfUnused(size_t cell);
  // Calls visit(HistogramBucket) for each bucket in use, by rising index.
  template <typename Visit>
  void ForEachBucket(Visit visit) const {
    if (zeros_ != 0) {
      visit(HistogramBucket{.index = 0, .count = zeros_, .sum = 0});
    }
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].count != 0) {
        visit(HistogramBucket{.index = BucketAt(i), .count = cells_[i].count, .sum = SumAt(i)});
      }
    }
  }

  bool dense_ = false;
  BucketIndex low_ = 0;               // The bucket of cells_[0], in the dense form.
  std::vector<BucketIndex> indices_;  // The bucket of each cell, rising, in the sparse form.
  std::vector<Cell> cells_;
  std::vector<int64_t> sums_high_;  // Upper halves of the sums; empty while all fit 64 bits.
  int64_t zeros_ = 0;  // The count of bucket 0, which is kept apart: it would widen the dense form.
  int64_t count_ = 0;
  absl::int128 sum_ = 0;
};

// Returns the 1-based nearest rank of quantile `q` in [0, 1] among `count` > 0 values:
// ceil(q * count), where a product within rounding error of a whole number
// counts as that number, so that 0.07 of 100 is rank 7.
int64_t QuantileRank(double q, int64_t count);

}  // namespace itemized
