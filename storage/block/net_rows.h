// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/block/block.h"

namespace itemized {

// Everything that tells rows of a block apart, but for their attributes and receipts.
std::string ContentOf(const CallRows& calls, size_t row);

struct RowRef {
  size_t block = 0;  // Into the blocks.
  size_t row = 0;
};

// The rows that stand: those with positive weight, less one for every negative
// row of the same content. `blocks` are fully decoded, in log order, and hold
// all rows of some hours or of some runs, or all that are flagged of some hours. The
// result is in log order.
std::vector<RowRef> NetRows(const std::vector<Block>& blocks);

}  // namespace itemized
