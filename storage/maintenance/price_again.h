// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/block/block.h"
#include "storage/block/net_rows.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/store/state.h"

namespace itemized {

// Says that row `row` of `block`, which no later row has taken out, has this usage and costs
// `cost`. If that is something else than before, adds the rows that say so to `*out` and returns
// true. A call that had a price keeps its verdict; one that has no price any more loses it; one
// that has its first price, or has another usage, is judged against the threshold of its step as it
// stands. Only the committer's thread calls it.
bool PriceAgain(const State& state, const RowUsage& usage, CallCost cost, const Block& block,
                size_t row, CorrectionBlocks* out);

}  // namespace itemized
