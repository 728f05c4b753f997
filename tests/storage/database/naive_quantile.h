// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quantiles by sorting. The answer is the mean of the sorted values that share
// a bucket with the order statistic; the bucket comes from a formula of its
// own: a value keeps its eight most significant bits.

#include <cstdint>
#include <vector>

namespace itemized::testing {

// The order statistic of nearest rank ceil(percent / 100 * n), at least the
// first. 0 if `values` is empty.
int64_t ExactQuantile(std::vector<int64_t> values, int percent);

// The mean, rounded half to even, of the values in that one's bucket.
int64_t BucketQuantile(const std::vector<int64_t>& values, int percent);

}  // namespace itemized::testing
