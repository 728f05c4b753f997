// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/block/block.h"
#include "storage/block/net_rows.h"
#include "storage/maintenance/correction_blocks.h"
#include "storage/store/pricer.h"
#include "storage/store/state.h"

namespace itemized {

// Prices row `row` of `block`, which stands, by the rates of `pricer`. If it costs something
// else than before, the rows that say so are added to `*out` (true). A call that had a price
// keeps its verdict, one that has none any more loses it, and one that has its first is judged
// against the threshold of its step as it stands. For the committer.
bool PriceAgain(const State& state, Pricer* pricer, const Block& block, size_t row,
                CorrectionBlocks* out);

}  // namespace itemized
