// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/broken_batch.h"

#include <memory>
#include <utility>
#include <vector>

namespace itemized::testing {
namespace {

// Puts `values` in place of `*column` and keeps them alive with the batch.
template <typename T>
void Replace(EventBatch* batch, absl::Span<const T>* column, std::vector<T> values) {
  using Held = std::pair<std::shared_ptr<const void>, std::vector<T>>;
  auto held = std::make_shared<Held>(std::move(batch->calls.owner), std::move(values));
  *column = held->second;
  batch->calls.owner = std::move(held);
}

template <typename T>
std::vector<T> Copy(absl::Span<const T> column, size_t size) {
  std::vector<T> values(column.begin(), column.end());
  values.resize(size);
  return values;
}

}  // namespace

void PointStepNowhere(EventBatch* batch, size_t row) {
  std::vector<uint32_t> steps = Copy(batch->calls.step, batch->calls.size());
  steps[row] = static_cast<uint32_t>(batch->calls.strings.size());
  Replace(batch, &batch->calls.step, std::move(steps));
}

void AddAStrayDuration(EventBatch* batch) {
  Replace(batch, &batch->calls.duration_us,
          Copy(batch->calls.duration_us, batch->calls.size() + 1));
}

void ClaimLongerEventIds(EventBatch* batch) {
  std::vector<uint32_t> sizes = Copy(batch->calls.event_id_sizes, batch->calls.size());
  sizes.back() += 1;
  Replace(batch, &batch->calls.event_id_sizes, std::move(sizes));
}

void SetStatusNumber(EventBatch* batch, int32_t status) {
  Replace(batch, &batch->calls.status, std::vector<int32_t>(batch->calls.size(), status));
}

}  // namespace itemized::testing
