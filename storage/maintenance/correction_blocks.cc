// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/correction_blocks.h"

#include <utility>

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {

RowAppender& CorrectionBlocks::Of(Hour hour) {
  std::unique_ptr<Growing>& growing = blocks_[hour];
  if (growing == nullptr) {
    growing = std::make_unique<Growing>();
    growing->block.ref.hour = hour;
  }
  return growing->rows;
}

std::vector<Block> CorrectionBlocks::Take() {
  std::vector<Block> blocks;
  for (auto& [hour, growing] : blocks_) {
    blocks.push_back(std::move(growing->block));
  }
  blocks_.clear();
  return blocks;
}

absl::Status CorrectionBlocks::Commit(State* state, Entry entry) {
  entry.blocks = Take();
  StagedRuns staged(&state->views.runs(), &state->mutex);
  for (const Block& block : entry.blocks) {
    RETURN_IF_ERROR(staged.Add(block));
  }
  RETURN_IF_ERROR(state->Commit(&entry, staged));
  PassFailpoint(Failpoint::kCorrected);
  return absl::OkStatus();
}

}  // namespace itemized
