// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/correction_blocks.h"

#include <utility>

#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"

namespace itemized {

RowAppender& CorrectionBlocks::Of(Hour hour) {
  std::unique_ptr<Growing>& growing = blocks_[hour];
  if (growing == nullptr) {
    growing = std::make_unique<Growing>();
    growing->block.ref.hour = hour;
  }
  return growing->rows;
}

void CorrectionBlocks::JudgeRows(const State& state, Growing* growing) {
  const CallRows& calls = growing->block.calls;
  for (const size_t row : growing->unjudged) {
    const NameId step = state.catalog.Series(calls.SeriesAt(row))[NameKind::kStep];
    const Threshold& threshold = state.views.baselines().ThresholdOf(step);
    if (calls.cost_picos[row] > threshold.picos) {
      growing->rows.SetVerdict(
          row, {.flags = static_cast<uint8_t>(kFlagOutlier | kFlagJudgedWhenPriced |
                                              (threshold.learning ? kFlagLearning : 0)),
                .p50_picos = threshold.p50_picos,
                .sample_count = threshold.sample_count});
    }
  }
}

std::vector<Block> CorrectionBlocks::Take() {
  std::vector<Block> blocks;
  for (auto& [hour, growing] : blocks_) {
    blocks.push_back(std::move(growing->block));
  }
  blocks_.clear();
  return blocks;
}

absl::Status CorrectionBlocks::ReadRuns(State* state, uint64_t evictions) {
  std::vector<const CallRows*> rows;
  for (const auto& [hour, growing] : blocks_) {
    rows.push_back(&growing->block.calls);
  }
  ASSIGN_OR_RETURN(runs_, state->views.runs().ReadAhead(rows, evictions, &state->mutex));
  return absl::OkStatus();
}

void CorrectionBlocks::Encode() {
  for (const auto& [hour, growing] : blocks_) {
    if (growing->unjudged.empty()) {
      growing->encoded = EncodeBlock(growing->block);
    }
  }
}

absl::Status CorrectionBlocks::Commit(State* state, Entry entry) {
  std::vector<std::string> encoded;
  for (const auto& [hour, growing] : blocks_) {
    JudgeRows(*state, growing.get());
    encoded.push_back(std::move(growing->encoded));
  }
  entry.blocks = Take();
  StagedRuns staged(&state->views.runs(), &state->mutex, &runs_);
  for (const Block& block : entry.blocks) {
    RETURN_IF_ERROR(staged.Add(block));
  }
  RETURN_IF_ERROR(state->Commit(&entry, staged, std::move(encoded)));
  PassFailpoint(Failpoint::kCorrected);
  return absl::OkStatus();
}

}  // namespace itemized
