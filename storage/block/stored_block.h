// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"

namespace itemized {

// A block as it is stored (storage/FORMAT.md, "Block"): its columns are decompressed when
// they are asked for, and then kept. Points into its bytes. Not thread-safe.
struct StoredBlock {
  BlockRef ref;
  uint64_t rows = 0;
  uint64_t completions = 0;
  std::vector<StoredColumn> columns;
  std::vector<std::string> raw;  // Of those columns; empty: not asked for, or stored as it is.

  // The raw bytes of a column; empty if it was not stored. As below.
  absl::StatusOr<absl::string_view> Raw(ColumnId id) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].id == static_cast<uint8_t>(id)) {
        return Raw(i);
      }
    }
    return absl::string_view();
  }

  // The raw bytes of column `i`, valid as long as the block. DATA_LOSS if malformed.
  absl::StatusOr<absl::string_view> Raw(size_t i) {
    return raw[i].empty() ? RawBytes(columns[i], rows, &raw[i]) : absl::string_view(raw[i]);
  }
};

// DATA_LOSS naming the block if the checksum does not fit or its header is malformed.
absl::StatusOr<StoredBlock> ReadStoredBlock(BlockRef ref, absl::string_view bytes);

// The columns of `mask` as a block, as DecodeBlock.
absl::StatusOr<Block> DecodeColumns(StoredBlock* stored, ColumnMask mask);

// DATA_LOSS: the block `ref` is damaged, and `why`.
absl::Status DamagedBlock(BlockRef ref, absl::string_view why);

}  // namespace itemized
