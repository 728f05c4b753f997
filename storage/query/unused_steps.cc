// SPDX-License-Identifier: Apache-2.0
#include "storage/query/unused_steps.h"

#include <algorithm>

namespace itemized {

bool UnusedSteps::Contains(const Block& block, size_t row) {
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    unused_.assign(block.calls.run_names.size(), std::nullopt);
  }
  std::optional<absl::Span<const NameId>>& steps = unused_[block.calls.run[row]];
  if (!steps.has_value()) {
    steps = index_.Find(block.calls.RunName(row));
  }
  return !steps->empty() &&
         std::binary_search(steps->begin(), steps->end(),
                            catalog_.Series(block.calls.SeriesAt(row))[NameKind::kStep]);
}

}  // namespace itemized
