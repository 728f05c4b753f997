// SPDX-License-Identifier: Apache-2.0
#include "storage/views/call_sums.h"

#include "storage/base/bytes.h"

namespace itemized {

void RowSums::AddTo(CallSums* sums, size_t row, int64_t weight) const {
  const uint8_t flags = calls_.flags[row];
  sums->calls += weight;
  if ((flags & kFlagUnpriced) != 0) {
    sums->unpriced_calls += weight;
    sums->usage_missing_calls += (flags & kFlagUsageMissing) != 0 ? weight : 0;
  }
  sums->outliers += IsOutlier(flags) ? weight : 0;
  sums->learning_calls += (flags & kFlagLearning) != 0 ? weight : 0;
  sums->cost += Picos(weight * calls_.cost_picos[row]);
  for (const size_t c : used_) {
    sums->usage.counts[c] += weight * calls_.usage[c][row];
  }
}

// Adds column by column, which makes it faster than an AddTo for each row.
CallSums RowSums::Of(absl::Span<const uint32_t> rows) const {
  CallSums sums;
  for (const uint32_t row : rows) {
    const int64_t weight = calls_.weight[row];
    const uint8_t flags = calls_.flags[row];
    const bool is_unpriced = (flags & kFlagUnpriced) != 0;
    sums.calls += weight;
    sums.unpriced_calls += is_unpriced ? weight : 0;
    sums.usage_missing_calls += is_unpriced && (flags & kFlagUsageMissing) != 0 ? weight : 0;
    sums.outliers += IsOutlier(flags) ? weight : 0;
    sums.learning_calls += (flags & kFlagLearning) != 0 ? weight : 0;
    sums.cost += Picos(weight * calls_.cost_picos[row]);
  }
  for (const size_t c : used_) {
    const std::vector<int64_t>& counts = calls_.usage[c];
    int64_t sum = 0;
    for (const uint32_t row : rows) {
      sum += calls_.weight[row] * counts[row];
    }
    sums.usage.counts[c] = sum;
  }
  return sums;
}

void CallSums::Merge(const CallSums& other) {
  calls += other.calls;
  unpriced_calls += other.unpriced_calls;
  usage_missing_calls += other.usage_missing_calls;
  outliers += other.outliers;
  learning_calls += other.learning_calls;
  cost += other.cost;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usage.counts[c] += other.usage.counts[c];
  }
}

void CallSums::Subtract(const CallSums& other) {
  calls -= other.calls;
  unpriced_calls -= other.unpriced_calls;
  usage_missing_calls -= other.usage_missing_calls;
  outliers -= other.outliers;
  learning_calls -= other.learning_calls;
  cost -= other.cost;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usage.counts[c] -= other.usage.counts[c];
  }
}

void CallSums::EncodeTo(std::string* out) const {
  AppendZigzag(out, calls);
  AppendZigzag(out, unpriced_calls);
  AppendZigzag(out, usage_missing_calls);
  AppendZigzag(out, outliers);
  AppendZigzag(out, learning_calls);
  AppendZigzag128(out, cost);
  for (const int64_t count : usage.counts) {
    AppendZigzag(out, count);
  }
}

bool CallSums::DecodeFrom(absl::string_view* in) {
  if (!ReadZigzag(in, &calls) || !ReadZigzag(in, &unpriced_calls) ||
      !ReadZigzag(in, &usage_missing_calls) || !ReadZigzag(in, &outliers) ||
      !ReadZigzag(in, &learning_calls) || !ReadZigzag128(in, &cost)) {
    return false;
  }
  for (int64_t& count : usage.counts) {
    if (!ReadZigzag(in, &count)) {
      return false;
    }
  }
  return true;
}

}  // namespace itemized
