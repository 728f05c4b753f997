// SPDX-License-Identifier: Apache-2.0
#include "storage/block/stored_block.h"

#include <bitset>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"

namespace itemized {
namespace {

constexpr size_t kChecksumBytes = 8;

// Every row takes at least a byte in the raw time column, or a bit in the packed one, whose size is
// bounded. So a damaged number of rows does not make a few bytes of a sparse column into many.
size_t RowsThatFit(const StoredBlock& block) {
  for (const StoredColumn& column : block.columns) {
    if (column.id == static_cast<uint8_t>(ColumnId::kTime)) {
      return column.is_packed() ? 8 * column.stored.size() : column.raw_size;
    }
  }
  return 0;
}

}  // namespace

absl::Status DamagedBlock(BlockRef ref, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("Block ", ref.sequence, " of hour ",
                                          FormatTime(HourStartUs(ref.hour)), " is damaged: ", why,
                                          ". Restore the data directory from a backup."));
}

absl::Status DamagedColumn(BlockRef ref, uint8_t id) {
  return DamagedBlock(ref, absl::StrCat("column ", id, " cannot be read"));
}

absl::StatusOr<StoredBlock> ReadStoredBlock(BlockRef ref, absl::string_view bytes) {
  if (ref.hour >= HourOf(kTimeMaxUs)) {
    return absl::DataLossError(absl::StrCat(
        "The key of block ", ref.sequence, " is damaged: its hour ", ref.hour.value(),
        " lies beyond the times that can be stored. Restore the data directory from a backup."));
  }
  if (bytes.size() <= kChecksumBytes) {
    return DamagedBlock(ref, "it is too short");
  }
  absl::string_view checksum = bytes.substr(bytes.size() - kChecksumBytes);
  absl::string_view in = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint64_t expected = 0;
  if (!ReadBigEndian64(&checksum, &expected) || XXH3_64bits(in.data(), in.size()) != expected) {
    return DamagedBlock(ref, "its checksum does not fit");
  }
  if (in[0] != kBlockVersion) {
    return DamagedBlock(ref, "its version is unknown");
  }
  in.remove_prefix(1);
  StoredBlock block;
  block.ref = ref;
  if (!ReadVarint(&in, &block.rows) || !ReadVarint(&in, &block.completions)) {
    return DamagedBlock(ref, "its header cannot be read");
  }
  std::bitset<256> seen;  // The ids of columns that came before.
  while (!in.empty()) {
    const absl::StatusOr<StoredColumn> column = ReadColumn(&in);
    if (!column.ok()) {
      return DamagedBlock(ref, "one of its columns cannot be read");
    }
    if (seen[column->id]) {
      return DamagedBlock(ref, absl::StrCat("column ", column->id, " stands in it twice"));
    }
    seen.set(column->id);
    block.columns.push_back(*column);
  }
  if (block.rows > RowsThatFit(block)) {
    return DamagedBlock(ref, "it has fewer times than rows");
  }
  block.raw.resize(block.columns.size());
  return block;
}

}  // namespace itemized
