// SPDX-License-Identifier: Apache-2.0
// Decodes a few rows of a block.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"
#include "storage/block/picked_rows.h"
#include "storage/block/stored_block.h"
#include "storage/block/varint_skipping.h"

namespace itemized {
namespace {

using Rows = std::vector<uint32_t>;  // Numbers of rows, rising.

// Up to this many runs it is faster to search the column for each than to read all of it.
constexpr ptrdiff_t kRunsSearched = 16;

// Adds the rows of the run with number `run`. They are found by the bytes of that number, so that
// the numbers of other runs need not be read.
void FindRowsOf(uint32_t run, absl::string_view column, Rows* found) {
  char buffer[kVarintBytesMax];
  const absl::string_view number(buffer, static_cast<size_t>(WriteVarint(buffer, run) - buffer));
  size_t row = 0;
  size_t at = 0;  // Where row `row` begins.
  for (size_t hit = column.find(number); hit != column.npos; hit = column.find(number, hit + 1)) {
    if (hit == 0 || static_cast<uint8_t>(column[hit - 1]) <
                        0x80) {  // Otherwise the byte is part of a longer number.
      row += CountVarints(column.substr(at, hit - at));
      at = hit;
      found->push_back(static_cast<uint32_t>(row));
    }
  }
}

// Adds the rows whose run is among `wanted`; false if malformed.
bool FindRowsOfMany(const std::vector<bool>& wanted, absl::string_view column, size_t rows,
                    Rows* found) {
  std::vector<uint32_t> runs(rows);
  if (!ReadVarints(&column, rows, runs.data()) || !column.empty()) {
    return false;
  }
  for (uint32_t row = 0; row < rows; ++row) {
    if (runs[row] >= wanted.size()) {
      return false;
    }
    if (wanted[runs[row]]) {
      found->push_back(row);
    }
  }
  return true;
}

// Returns the rows whose run is among `wanted`; false if malformed.
bool FindRows(const std::vector<bool>& wanted, absl::string_view column, size_t rows, Rows* found) {
  std::string zeros;
  if (column.empty()) {  // All rows are of the first run.
    zeros.resize(rows);
    column = zeros;
  }
  if (std::count(wanted.begin(), wanted.end(), true) > kRunsSearched) {
    return FindRowsOfMany(wanted, column, rows, found);
  }
  for (uint32_t run = 0; run < wanted.size(); ++run) {
    if (wanted[run]) {
      FindRowsOf(run, column, found);
    }
  }
  std::sort(found->begin(), found->end());
  return CountVarints(column) == rows;
}

}  // namespace

absl::StatusOr<Block> DecodeRowsOfRuns(BlockRef ref, absl::string_view bytes,
                                       const RunNames& runs) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  ASSIGN_OR_RETURN(absl::string_view name_column, stored.Raw(ColumnId::kRunNames));
  StringColumn names;
  std::vector<bool> wanted;
  while (!name_column.empty()) {
    absl::string_view name;
    if (!ReadSized(&name_column, &name)) {
      return DamagedBlock(ref, "its names of runs cannot be read");
    }
    wanted.push_back(runs.contains(name));
    names.push_back(wanted.back() ? name : absl::string_view());
  }
  ASSIGN_OR_RETURN(const absl::string_view run_column, stored.Raw(ColumnId::kRun));
  Rows rows;
  if (!FindRows(wanted, run_column, stored.rows, &rows)) {
    return DamagedBlock(ref, "its runs cannot be read");
  }
  return PickRows(&stored, rows, kAllColumns, std::move(names));
}

absl::StatusOr<Block> DecodeChosen(BlockRef ref, absl::string_view bytes, ColumnMask shown_mask,
                                   RowChooser choose, ColumnMask mask) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  ASSIGN_OR_RETURN(Block shown, DecodeColumns(&stored, shown_mask));
  const Rows rows = choose(shown);
  CHECK(rows.empty() || rows.back() < stored.rows);
  if (rows.size() == stored.rows) {
    return DecodeColumns(&stored, mask & ~Columns(ColumnId::kCompletions));
  }
  return PickRows(&stored, rows, mask, std::move(shown.calls.run_names));
}

}  // namespace itemized
