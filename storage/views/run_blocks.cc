#include "storage/views/run_blocks.h"

#include <utility>
#include <vector>

#include "storage/base/status_macros.h"

namespace itemized {

void RunBlocks::Add(absl::string_view workflow_id, absl::Span<const BlockRef> blocks) {
  runs_.insert(workflow_id);
  for (const BlockRef& ref : blocks) {
    blocks_.emplace(ref.sequence, ref);
  }
}

absl::Status RunBlocks::Read(const Log& log, absl::FunctionRef<void(Block)> take) const {
  const auto choose = [this](const Block& block) {
    const CallRows& calls = block.calls;
    std::vector<bool> is_wanted;
    for (const std::string& name : calls.run_names) {
      is_wanted.push_back(runs_.contains(name));
    }
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < calls.size(); ++row) {
      if (is_wanted[calls.run[row]]) {
        rows.push_back(row);
      }
    }
    return rows;
  };
  for (const auto& [sequence, ref] : blocks_) {
    ASSIGN_OR_RETURN(Block block,
                     log.ReadRows(ref, Columns(ColumnId::kRunNames, ColumnId::kRun), choose));
    take(std::move(block));
  }
  return absl::OkStatus();
}

}  // namespace itemized
