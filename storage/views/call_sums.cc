#include "storage/views/call_sums.h"

#include "storage/base/bytes.h"

namespace itemized {

RowSums::RowSums(const CallRows& calls) : calls_(calls) {
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!calls.usage[c].empty()) {
      classes_[class_count_++] = c;
    }
  }
}

void RowSums::AddTo(CallSums* sums, size_t row, int64_t weight) const {
  const uint8_t flags = calls_.flags[row];
  sums->calls += weight;
  if ((flags & kFlagUnpriced) != 0) {
    sums->unpriced_calls += weight;
    sums->usage_missing_calls += (flags & kFlagUsageMissing) != 0 ? weight : 0;
  }
  if ((flags & kFlagOutlier) != 0) {
    sums->outliers += weight;
  }
  sums->cost += Picos(weight * calls_.cost_picos[row]);
  for (size_t i = 0; i < class_count_; ++i) {
    sums->usage.counts[classes_[i]] += weight * calls_.usage[classes_[i]][row];
  }
}

void CallSums::Merge(const CallSums& other) {
  calls += other.calls;
  unpriced_calls += other.unpriced_calls;
  usage_missing_calls += other.usage_missing_calls;
  outliers += other.outliers;
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
  AppendZigzag128(out, cost);
  for (const int64_t count : usage.counts) {
    AppendZigzag(out, count);
  }
}

bool CallSums::DecodeFrom(absl::string_view* in) {
  if (!ReadZigzag(in, &calls) || !ReadZigzag(in, &unpriced_calls) ||
      !ReadZigzag(in, &usage_missing_calls) || !ReadZigzag(in, &outliers) ||
      !ReadZigzag128(in, &cost)) {
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
