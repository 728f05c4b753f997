// SPDX-License-Identifier: Apache-2.0

#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"
#include "storage/block/block_columns.h"
#include "storage/block/stored_block.h"

namespace itemized {

absl::StatusOr<Block> DecodeColumns(StoredBlock* stored, ColumnMask mask) {
  mask |= Columns(ColumnId::kTime) | Columns(ColumnId::kNegativeWeights);
  if ((mask & Columns(ColumnId::kEventIdShape)) != 0) {
    mask |= Columns(ColumnId::kEventIdBytes);
  }
  if ((mask & Columns(ColumnId::kReportedUsageRecipe)) != 0) {
    mask |=
        Columns(ColumnId::kReportedUsageRecipes, ColumnId::kReportedUsageNumbers) | kUsageColumns;
  }
  Block block;
  block.ref = stored->ref;
  BlockColumns columns(&block, stored->rows, stored->completions);
  for (size_t i = 0; i < stored->columns.size(); ++i) {
    const uint8_t id = stored->columns[i].id;
    if ((mask & (ColumnMask{1} << id)) == 0) {
      continue;
    }
    ASSIGN_OR_RETURN(const absl::string_view raw, stored->Raw(i));
    if (!columns.Read(static_cast<ColumnId>(id), raw)) {
      return DamagedColumn(stored->ref, id);
    }
  }
  if (!columns.Finish(mask)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

absl::StatusOr<Block> DecodeBlock(BlockRef ref, absl::string_view bytes, ColumnMask mask) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  return DecodeColumns(&stored, mask);
}

}  // namespace itemized
