#include "storage/views/call_sums.h"

#include "storage/base/bytes.h"

namespace itemized {

void CallSums::Add(const CallRows& calls_of, size_t row) {
  const int64_t weight = calls_of.weight[row];
  const uint8_t flags = calls_of.flags[row];
  calls += weight;
  if ((flags & kFlagUnpriced) != 0) {
    unpriced_calls += weight;
  }
  if ((flags & kFlagOutlier) != 0) {
    outliers += weight;
  }
  cost += Picos(weight * calls_of.cost_picos[row]);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!calls_of.usage[c].empty()) {
      usage.counts[c] += weight * calls_of.usage[c][row];
    }
  }
}

void CallSums::Merge(const CallSums& other) {
  calls += other.calls;
  unpriced_calls += other.unpriced_calls;
  outliers += other.outliers;
  cost += other.cost;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usage.counts[c] += other.usage.counts[c];
  }
}

void CallSums::Subtract(const CallSums& other) {
  calls -= other.calls;
  unpriced_calls -= other.unpriced_calls;
  outliers -= other.outliers;
  cost -= other.cost;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usage.counts[c] -= other.usage.counts[c];
  }
}

void CallSums::EncodeTo(std::string* out) const {
  AppendZigzag(out, calls);
  AppendZigzag(out, unpriced_calls);
  AppendZigzag(out, outliers);
  AppendZigzag128(out, cost);
  for (const int64_t count : usage.counts) {
    AppendZigzag(out, count);
  }
}

bool CallSums::DecodeFrom(absl::string_view* in) {
  if (!ReadZigzag(in, &calls) || !ReadZigzag(in, &unpriced_calls) || !ReadZigzag(in, &outliers) ||
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
