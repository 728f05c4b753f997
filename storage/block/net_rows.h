// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/block/block.h"

namespace itemized {

// Returns a key that is equal for rows of the same content: names, ids, figures, flags and receipt.
// Attributes and the revision are not part of it.
std::string ContentOf(const CallRows& calls, size_t row);

struct RowRef {
  size_t block = 0;  // An index into the blocks.
  size_t row = 0;
};

// Returns the rows that stand: those with positive weight, less one for every negative row of the
// same content. `blocks` are fully decoded, in log order, and hold all rows of some hours or of
// some runs, or all rows of some hours that are flagged. The result is in log order.
std::vector<RowRef> NetRows(const std::vector<Block>& blocks);

}  // namespace itemized
