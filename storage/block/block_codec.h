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

// Returns the persisted form of a block (storage/FORMAT.md, "Block"). It leaves out the reference,
// which is the block's key.
std::string EncodeBlock(const Block& block);

// Decodes the columns in `mask`; the others stay empty, but for times and weights. DATA_LOSS, which
// names the block, if the checksum does not fit or anything in it is malformed.
absl::StatusOr<Block> DecodeBlock(BlockRef ref, absl::string_view bytes,
                                  ColumnMask mask = kAllColumns);

// Is shown a block of which some columns are decoded, and returns the numbers of the rows that it
// wants, rising.
using RowChooser = absl::FunctionRef<std::vector<uint32_t>(const Block&)>;

// Decodes weights and the columns of `shown_mask`, passes that block to `choose`, and then decodes
// the columns of `mask` of the rows it names. Completions are left out; names are those of all
// rows. Errors are those of DecodeBlock.
absl::StatusOr<Block> DecodeChosen(BlockRef ref, absl::string_view bytes, ColumnMask shown_mask,
                                   RowChooser choose, ColumnMask mask = kAllColumns);

// Names of runs, which are workflow_ids.
using RunNames = absl::flat_hash_set<absl::string_view>;

// Decodes every column of the rows of some runs, as DecodeChosen does of chosen rows. The names of
// other runs are empty. Rows of other runs are not read, so what is malformed in them under a good
// checksum goes unseen here; DecodeBlock, and with it Database::Verify, sees it.
absl::StatusOr<Block> DecodeRowsOfRuns(BlockRef ref, absl::string_view bytes, const RunNames& runs);

}  // namespace itemized
