// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_quantile.h"

#include <algorithm>
#include <cstddef>

#include "absl/numeric/int128.h"

namespace itemized::testing {
namespace {

// The smallest value that keeps the same eight leading bits.
int64_t LeadingBits(int64_t value) {
  int64_t unit = 1;
  while (value / unit >= 256) {
    unit *= 2;
  }
  return value / unit * unit;
}

int64_t RoundedMean(absl::int128 sum, absl::int128 count) {
  absl::int128 quotient = sum / count;
  const absl::int128 twice_rest = (sum % count) * 2;
  if (twice_rest > count || (twice_rest == count && quotient % 2 == 1)) {
    quotient += 1;
  }
  return static_cast<int64_t>(quotient);
}

}  // namespace

int64_t ExactQuantile(std::vector<int64_t> values, int percent) {
  if (values.empty()) {
    return 0;
  }
  const size_t rank =
      std::max<size_t>(1, (values.size() * static_cast<size_t>(percent) + 99) / 100);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

int64_t BucketQuantile(const std::vector<int64_t>& values, int percent) {
  if (values.empty()) {
    return 0;
  }
  const int64_t bucket = LeadingBits(ExactQuantile(values, percent));
  absl::int128 sum = 0;
  absl::int128 count = 0;
  for (const int64_t value : values) {
    if (LeadingBits(value) == bucket) {
      sum += value;
      count += 1;
    }
  }
  return RoundedMean(sum, count);
}

}  // namespace itemized::testing
