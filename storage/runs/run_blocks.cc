// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/run_blocks.h"

#include <utility>

#include "storage/base/status_macros.h"

namespace itemized {

void RunBlocks::Add(absl::string_view workflow_id, absl::Span<const BlockRef> blocks) {
  runs_.insert(workflow_id);
  for (const BlockRef& ref : blocks) {
    blocks_.emplace(ref.sequence, ref);
  }
}

absl::Status RunBlocks::Read(const BlockStore& blocks,
                             absl::FunctionRef<absl::Status(Block)> take) const {
  for (const auto& [sequence, ref] : blocks_) {
    ASSIGN_OR_RETURN(Block block, blocks.ReadRows(ref, runs_));
    RETURN_IF_ERROR(take(std::move(block)));
  }
  return absl::OkStatus();
}

}  // namespace itemized
