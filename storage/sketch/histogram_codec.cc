// SPDX-License-Identifier: Apache-2.0
// The persisted form of a histogram: a varint of the number of buckets, then
// for each bucket, by rising index, three varints:
//
//   skip     buckets left out since the previous one (the first: its index)
//   count    of values, > 0
//   excess   sum of the values over count * the bucket's smallest value

#include <limits>

#include "absl/status/status.h"

#include "storage/base/bytes.h"
#include "storage/sketch/histogram.h"

namespace itemized {
namespace {

absl::Status Damaged() {
  return absl::DataLossError(
      "The store is damaged: a histogram cannot be read. Restore the data directory "
      "from a backup.");
}

// Reads one bucket, whose index is `first` or higher.
bool ReadBucket(absl::string_view* in, uint64_t first, HistogramBucket* bucket) {
  uint64_t skip = 0;
  uint64_t count = 0;
  absl::uint128 excess = 0;
  if (!ReadVarint(in, &skip) || !ReadVarint(in, &count) || !ReadVarint128(in, &excess)) {
    return false;
  }
  if (skip >= kBucketCount - first || count == 0 ||
      count > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return false;
  }
  bucket->index = static_cast<BucketIndex>(first + skip);
  bucket->count = static_cast<int64_t>(count);
  const int64_t low = BucketLow(bucket->index);
  const uint64_t excess_max = static_cast<uint64_t>(BucketHigh(bucket->index) - low);
  if (excess > absl::uint128(count) * excess_max) {
    return false;
  }
  bucket->sum = absl::int128(bucket->count) * low + static_cast<absl::int128>(excess);
  return true;
}

}  // namespace

void Histogram::EncodeTo(std::string* out) const {
  size_t used = zeros_ != 0 ? 1 : 0;
  for (const Cell& cell : cells_) {
    used += cell.count != 0 ? 1 : 0;
  }
  AppendVarint(out, used);
  if (sums_high_.empty()) {
    return EncodeShort(used, out);
  }
  uint64_t next = 0;
  ForEachBucket([&](const HistogramBucket& bucket) {
    AppendVarint(out, bucket.index - next);
    AppendVarint(out, static_cast<uint64_t>(bucket.count));
    const absl::int128 excess = bucket.sum - absl::int128(bucket.count) * BucketLow(bucket.index);
    AppendVarint128(out, static_cast<absl::uint128>(excess));
    next = uint64_t{bucket.index} + 1;
  });
}

// Encodes in the usual case, in which no sum needs 128 bits.
void Histogram::EncodeShort(size_t used, std::string* out) const {
  const size_t begin = out->size();
  out->resize(begin + used * 3 * kVarintBytesMax);
  char* end = out->data() + begin;
  uint64_t next = 0;
  const auto write = [&](BucketIndex index, int64_t count, int64_t sum) {
    end = WriteVarint(end, index - next);
    end = WriteVarint(end, static_cast<uint64_t>(count));
    end = WriteVarint(end, static_cast<uint64_t>(sum - count * BucketLow(index)));
    next = uint64_t{index} + 1;
  };
  if (zeros_ != 0) {
    write(0, zeros_, 0);
  }
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i].count != 0) {
      write(BucketAt(i), cells_[i].count, cells_[i].sum);
    }
  }
  out->resize(static_cast<size_t>(end - out->data()));
}

absl::StatusOr<Histogram> Histogram::DecodeFrom(absl::string_view* in) {
  absl::string_view rest = *in;
  uint64_t size = 0;
  if (!ReadVarint(&rest, &size) || size > kBucketCount) {
    return Damaged();
  }
  Histogram histogram;
  histogram.indices_.reserve(size);
  histogram.cells_.reserve(size);
  uint64_t next = 0;
  for (uint64_t i = 0; i < size; ++i) {
    HistogramBucket bucket;
    if (!ReadBucket(&rest, next, &bucket) ||
        __builtin_add_overflow(histogram.count_, bucket.count, &histogram.count_)) {
      return Damaged();
    }
    histogram.sum_ += bucket.sum;
    if (bucket.index == 0) {
      histogram.zeros_ = bucket.count;
    } else {
      histogram.AppendSparse(bucket);
    }
    next = uint64_t{bucket.index} + 1;
  }
  *in = rest;
  return histogram;
}

}  // namespace itemized
