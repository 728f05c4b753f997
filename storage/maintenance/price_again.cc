// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/price_again.h"

#include "storage/block/row_appender.h"

namespace itemized {
namespace {

RowVerdict Judge(const State& state, const CallRows& calls, size_t row, const RowUsage& usage,
                 CallCost cost) {
  const bool is_free = usage.missing && !cost.reported;
  if (cost.unpriced || is_free) {
    return {};
  }
  if (!calls.Has(row, kFlagUnpriced) && usage == calls.RowUsageAt(row)) {
    return VerdictOf(calls, row);
  }
  const NameId step = state.catalog.Series(calls.SeriesAt(row))[NameKind::kStep];
  const Threshold& threshold = state.views.baselines().ThresholdOf(step);
  if (cost.picos <= threshold.picos) {
    return {};
  }
  return {.flags = static_cast<uint8_t>(kFlagOutlier | kFlagJudgedWhenPriced |
                                        (threshold.learning ? kFlagLearning : 0)),
          .p50_picos = threshold.p50_picos,
          .sample_count = threshold.sample_count};
}

}  // namespace

bool PriceAgain(const State& state, const RowUsage& usage, CallCost cost, const Block& block,
                size_t row, CorrectionBlocks* out) {
  const CallRows& calls = block.calls;
  if (cost == calls.CostAt(row) && usage == calls.RowUsageAt(row)) {
    return false;
  }
  RowAppender& rows = out->Of(block.ref.hour);
  rows.Append(calls, row, -1);
  rows.Append(calls, row, 1, usage, cost, Judge(state, calls, row, usage, cost));
  return true;
}

}  // namespace itemized
