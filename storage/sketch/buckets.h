// SPDX-License-Identifier: Apache-2.0
#pragma once

// The buckets of a histogram: each octave is cut into 128 of equal width, and values below
// 256 have one each. The scheme is that of HdrHistogram.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "storage/base/check.h"

namespace itemized {

using BucketIndex = uint16_t;

inline constexpr int kSubBucketBits = 7;  // 2^7 = 128 buckets to the octave.
inline constexpr int kSubBuckets = 1 << kSubBucketBits;
inline constexpr int kBucketCount = (64 - kSubBucketBits) << kSubBucketBits;

// BucketOf is the bucket of `value` >= 0; BucketLow and BucketHigh are the smallest and the largest
// value of a bucket, and BucketWidth is how many values it has.
inline BucketIndex BucketOf(int64_t value) {
  CHECK(value >= 0);
  const uint64_t bits = static_cast<uint64_t>(value);
  const int shift = std::max(63 - kSubBucketBits - std::countl_zero(bits), 0);
  return static_cast<BucketIndex>((static_cast<uint64_t>(shift) << kSubBucketBits) +
                                  (bits >> shift));
}

inline int64_t BucketWidth(BucketIndex bucket) {
  return bucket < kSubBuckets ? 1 : int64_t{1} << (bucket / kSubBuckets - 1);
}

inline int64_t BucketLow(BucketIndex bucket) {
  CHECK(bucket < kBucketCount);
  if (bucket < kSubBuckets) {
    return bucket;
  }
  return (kSubBuckets + bucket % kSubBuckets) * BucketWidth(bucket);
}

inline int64_t BucketHigh(BucketIndex bucket) {
  return BucketLow(bucket) + (BucketWidth(bucket) - 1);
}

}  // namespace itemized
