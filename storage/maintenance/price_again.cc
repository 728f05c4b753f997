// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/price_again.h"

namespace itemized {

void PriceAgain(const Block& block, absl::Span<const RepricedRow> rows, CorrectionBlocks* out) {
  out->Of(block.ref.hour).AppendRepriced(block.calls, rows);
  const CallRows& made = out->RowsOf(block.ref.hour);
  size_t row = made.size() - 2 * rows.size();
  for (const RepricedRow& repriced : rows) {
    ++row;  // The first of two takes the call out.
    if (made.IsRatedAt(row) && block.calls.Has(repriced.row, kFlagUnpriced)) {
      out->Judge(block.ref.hour, row);
    }
    ++row;
  }
}

void CountAgain(const Block& block, size_t row, const RowUsage& usage, CallCost cost,
                CorrectionBlocks* out) {
  RowAppender& rows = out->Of(block.ref.hour);
  rows.Append(block.calls, row, -1);
  rows.Append(block.calls, row, 1, usage, cost, RowVerdict());
  const CallRows& made = out->RowsOf(block.ref.hour);
  if (made.IsRatedAt(made.size() - 1)) {
    out->Judge(block.ref.hour, made.size() - 1);
  }
}

}  // namespace itemized
