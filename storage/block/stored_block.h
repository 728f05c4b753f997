// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/block/packed_column.h"

namespace itemized {

// Returns DATA_LOSS: the block `ref` is damaged. `why` is the end of that sentence, without a full
// stop.
absl::Status DamagedBlock(BlockRef ref, absl::string_view why);
// Returns DATA_LOSS: column `id` of the block `ref` cannot be read.
absl::Status DamagedColumn(BlockRef ref, uint8_t id);

// A block as it is stored (storage/FORMAT.md, "Block"): its columns are decompressed when they are
// asked for, and then kept. It points into the bytes that it was read from. Not thread-safe.
struct StoredBlock {
  BlockRef ref;
  uint64_t rows = 0;
  uint64_t completions = 0;
  std::vector<StoredColumn> columns;
  // The decompressed bytes of each column; empty if it was not asked for, or is not compressed.
  std::vector<std::string> raw;

  // Returns the raw bytes of a column, valid as long as the block; empty if it was not stored.
  // DATA_LOSS if malformed.
  absl::StatusOr<absl::string_view> Raw(ColumnId id) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].id == static_cast<uint8_t>(id)) {
        return Raw(i);
      }
    }
    return absl::string_view();
  }

  // Returns the raw bytes of columns[i], valid as long as the block. DATA_LOSS if malformed.
  absl::StatusOr<absl::string_view> Raw(size_t i) {
    if (!raw[i].empty()) {
      return absl::string_view(raw[i]);
    }
    absl::StatusOr<absl::string_view> bytes = RawBytes(columns[i], rows, &raw[i]);
    return bytes.ok() ? bytes : DamagedColumn(ref, columns[i].id);
  }

  // Returns the values of columns[i], which is packed. DATA_LOSS if malformed.
  absl::StatusOr<PackedValues> Packed(size_t i) const {
    const std::optional<PackedValues> values = PackedValues::Open(columns[i].stored, rows);
    return values.has_value() ? absl::StatusOr<PackedValues>(*values)
                              : DamagedColumn(ref, columns[i].id);
  }
};

// Reads the header of a block. DATA_LOSS, which names the block, if the checksum does not fit or
// the header is malformed.
absl::StatusOr<StoredBlock> ReadStoredBlock(BlockRef ref, absl::string_view bytes);

// Returns `mask` with the columns that those in it cannot be decoded without, and the weights,
// which say how many rows there are.
ColumnMask WithNeeded(ColumnMask mask);

// Decodes the columns of `mask`, as DecodeBlock does, but times only if they are among them.
absl::StatusOr<Block> DecodeColumns(StoredBlock* stored, ColumnMask mask);

}  // namespace itemized
