// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"

namespace itemized {

inline constexpr char kBlockVersion = 4;

// The persisted form of a block (storage/FORMAT.md, "Block"). The reference is
// not part of it: it is the key.
std::string EncodeBlock(const Block& block);

// Decodes the columns in `mask`; the others stay empty. `kTime` is always
// decoded and gives the number of rows. DATA_LOSS naming the block if the
// checksum does not fit or anything in it is malformed.
absl::StatusOr<Block> DecodeBlock(BlockRef ref, absl::string_view bytes,
                                  ColumnMask mask = kAllColumns);

// Names rows of a block, rising, of which some columns are decoded.
using RowChooser = absl::FunctionRef<std::vector<uint32_t>(const Block&)>;

// Decodes the columns of `mask`, passes that block to `choose`, and then decodes every column of
// the rows it names. Completions are left out; names are those of all rows. Errors are those of
// DecodeBlock.
absl::StatusOr<Block> DecodeChosen(BlockRef ref, absl::string_view bytes, ColumnMask mask,
                                   RowChooser choose);

// The same of the rows of some runs, by workflow_id. The names of other runs are empty. The
// rows of these are not read, so that under a good checksum what is malformed in them goes
// unseen; DecodeBlock, and with it Database::Verify, sees it.
using RunNames = absl::flat_hash_set<absl::string_view>;
absl::StatusOr<Block> DecodeRowsOfRuns(BlockRef ref, absl::string_view bytes, const RunNames& runs);

}  // namespace itemized
