// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/types/span.h"

#include "storage/block/block.h"
#include "storage/block/row_appender.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/model/call.h"

namespace itemized {

// Says what some rows of `block`, which no later rows have taken out, cost by now, which is
// something else than before: adds the rows that say so to `*out`. A call that had a price keeps
// its verdict; one that has no price any more loses it; one that has its first price is judged when
// `*out` is committed.
void PriceAgain(const Block& block, absl::Span<const RepricedRow> rows, CorrectionBlocks* out);

// Says that row `row` has this usage, which is another than before, and this cost. If the call has
// a price by that, it is judged anew.
void CountAgain(const Block& block, size_t row, const RowUsage& usage, CallCost cost,
                CorrectionBlocks* out);

}  // namespace itemized
