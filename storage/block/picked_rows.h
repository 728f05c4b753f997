// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/block/stored_block.h"
#include "storage/block/string_column.h"

namespace itemized {

// Decodes the columns of `mask` of some rows, whose numbers rise; names are those of all rows, and
// completions are left out. `names` are those of all runs, if they have been read already. The
// bytes of the values are picked out of each column, which takes a fraction of the time of decoding
// them all. DATA_LOSS, which names the block, if malformed.
absl::StatusOr<Block> PickRows(StoredBlock* stored, const std::vector<uint32_t>& rows,
                               ColumnMask mask, StringColumn names);

}  // namespace itemized
