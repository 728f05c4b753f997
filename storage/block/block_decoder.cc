// SPDX-License-Identifier: Apache-2.0

#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"
#include "storage/block/block_columns.h"
#include "storage/block/stored_block.h"

namespace itemized {

ColumnMask WithNeeded(ColumnMask mask) {
  mask |= Columns(ColumnId::kNegativeWeights);
  if ((mask & Columns(ColumnId::kEventIdShape)) != 0) {
    mask |= Columns(ColumnId::kEventIdBytes);
  }
  if ((mask & Columns(ColumnId::kReportedUsageRecipe)) != 0) {
    mask |=
        Columns(ColumnId::kReportedUsageRecipes, ColumnId::kReportedUsageNumbers) | kUsageColumns;
  }
  return mask;
}

absl::StatusOr<Block> DecodeColumns(StoredBlock* stored, ColumnMask mask) {
  mask = WithNeeded(mask);
  Block block;
  block.ref = stored->ref;
  BlockColumns columns(&block, stored->rows, stored->completions);
  for (size_t i = 0; i < stored->columns.size(); ++i) {
    const StoredColumn& column = stored->columns[i];
    if ((mask & (ColumnMask{1} << column.id)) == 0) {
      continue;
    }
    const auto id = static_cast<ColumnId>(column.id);
    bool is_good = false;
    if (column.is_packed()) {
      ASSIGN_OR_RETURN(const PackedValues values, stored->Packed(i));
      is_good = columns.Read(id, values);
    } else {
      ASSIGN_OR_RETURN(const absl::string_view raw, stored->Raw(i));
      is_good = columns.Read(id, raw);
    }
    if (!is_good) {
      return DamagedColumn(stored->ref, column.id);
    }
  }
  if (!columns.Finish(mask)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

absl::StatusOr<Block> DecodeBlock(BlockRef ref, absl::string_view bytes, ColumnMask mask) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  return DecodeColumns(&stored, mask | Columns(ColumnId::kTime));
}

}  // namespace itemized
