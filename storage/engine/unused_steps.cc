#include "storage/engine/unused_steps.h"

#include <algorithm>

#include "storage/engine/state.h"

namespace itemized {

bool UnusedSteps::Contains(const Block& block, size_t row) {
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    unused_.clear();
    for (const absl::string_view name : block.calls.run_names) {
      unused_.push_back(state_.views.runs().unused().Find(name));
    }
  }
  const absl::Span<const NameId> steps = unused_[block.calls.run[row]];
  return !steps.empty() &&
         std::binary_search(steps.begin(), steps.end(),
                            state_.catalog.Series(block.calls.series[row])[NameKind::kStep]);
}

}  // namespace itemized
