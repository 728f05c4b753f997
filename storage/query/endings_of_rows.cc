// SPDX-License-Identifier: Apache-2.0
#include "storage/query/endings_of_rows.h"

#include <algorithm>

namespace itemized {

const EndingsOfRows::Known& EndingsOfRows::Find(const Block& block, size_t row) {
  if (block.ref.sequence != sequence_) {
    sequence_ = block.ref.sequence;
    known_.assign(block.calls.run_names.size(), std::nullopt);
  }
  std::optional<Known>& known = known_[block.calls.run[row]];
  if (!known.has_value()) {
    const RunHash run = HashRun(block.calls.RunName(row));
    known = {.run = run, .ending = endings_.Find(run)};
  }
  return *known;
}

const RunEnding* EndingsOfRows::Of(const Block& block, size_t row) {
  return Find(block, row).ending;
}

const RunHash& EndingsOfRows::RunOf(const Block& block, size_t row) {
  return Find(block, row).run;
}

bool EndingsOfRows::IsUnused(const Block& block, size_t row) {
  const RunEnding* const ending = Of(block, row);
  return ending != nullptr && !ending->unused_steps.empty() &&
         std::binary_search(ending->unused_steps.begin(), ending->unused_steps.end(),
                            catalog_.Series(block.calls.SeriesAt(row))[NameKind::kStep]);
}

}  // namespace itemized
