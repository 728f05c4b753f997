// SPDX-License-Identifier: Apache-2.0
// Decodes a few rows of a block: the bytes of their values are picked out of each column,
// which takes a fraction of the time of decoding them all.

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_codec.h"
#include "storage/block/block_columns.h"
#include "storage/block/reported_usage_columns.h"
#include "storage/block/stored_block.h"

namespace itemized {
namespace {

using Rows = std::vector<uint32_t>;  // Numbers of rows, rising.

// Up to this many runs it is faster to search the column for each than to read all of it.
constexpr ptrdiff_t kRunsSearched = 16;

// Returns how many varints end in eight bytes of memory: each ends with a byte below 0x80.
size_t CountEnds(uint64_t eight) {
  const uint64_t end_bits = (~eight & 0x8080808080808080u) >> 7;
  return (end_bits * 0x0101010101010101u) >> 56;  // The highest byte of the product is their sum.
}

size_t CountVarints(absl::string_view raw) {
  size_t count = 0;
  for (; raw.size() >= sizeof(uint64_t); raw.remove_prefix(sizeof(uint64_t))) {
    uint64_t eight = 0;
    std::memcpy(&eight, raw.data(), sizeof(eight));
    count += CountEnds(eight);
  }
  for (const char byte : raw) {
    count += static_cast<uint8_t>(byte) < 0x80 ? 1 : 0;
  }
  return count;
}

// Moves `*at` behind `count` varints.
bool SkipVarints(absl::string_view raw, size_t count, size_t* at) {
  while (count > 0 && raw.size() - *at >= sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, raw.data() + *at, sizeof(eight));
    const size_t ends = CountEnds(eight);
    if (ends >= count) {
      break;
    }
    count -= ends;
    *at += sizeof(eight);
  }
  while (count > 0) {
    if (*at == raw.size()) {
      return false;
    }
    if (static_cast<uint8_t>(raw[(*at)++]) < 0x80) {
      --count;
    }
  }
  return true;
}

bool PickVarints(absl::string_view raw, const Rows& rows, std::string* out) {
  size_t at = 0;
  size_t next = 0;  // The row that begins at `at`.
  for (const uint32_t row : rows) {
    if (!SkipVarints(raw, row - next, &at)) {
      return false;
    }
    const size_t begin = at;
    if (!SkipVarints(raw, 1, &at)) {
      return false;
    }
    out->append(raw.data() + begin, at - begin);
    next = row + 1;
  }
  return true;
}

// Each value is the difference to the one before.
bool PickTimes(absl::string_view raw, const Rows& rows, std::string* out) {
  std::vector<uint64_t> steps(rows.empty() ? 0 : rows.back() + 1);
  if (!ReadVarints(&raw, steps.size(), steps.data())) {
    return false;
  }
  int64_t offset = 0;
  int64_t picked = 0;
  size_t next = 0;
  for (const uint32_t row : rows) {
    for (; next <= row; ++next) {
      if (__builtin_add_overflow(offset, FromZigzag(steps[next]), &offset)) {
        return false;
      }
    }
    AppendZigzag(out, offset - picked);
    picked = offset;
  }
  return true;
}

// The column has the rows with a weight of -1, each as the distance to the one before.
bool PickNegativeWeights(absl::string_view raw, const Rows& rows, std::string* out) {
  uint64_t negative = 0;
  uint64_t picked = 0;
  auto row = rows.begin();
  while (!raw.empty()) {
    uint64_t step = 0;
    if (!ReadVarint(&raw, &step) || __builtin_add_overflow(negative, step, &negative)) {
      return false;
    }
    row = std::lower_bound(row, rows.end(), negative);
    if (row != rows.end() && *row == negative) {
      const auto place = static_cast<uint64_t>(row - rows.begin());
      AppendVarint(out, place - picked);
      picked = place;
    }
  }
  return true;
}

struct EventIds {
  absl::string_view shape;
  absl::string_view bytes;
};

// Reads single event ids. The bytes that an id shares with the one before stand where they were
// added, in some earlier row. So the rows are looked at backwards, no further than to the id that
// was picked before.
class IdPicker {
 public:
  explicit IdPicker(absl::string_view bytes) : bytes_(bytes) {}

  // Reads the shapes of `rows` ids.
  bool ReadShapes(absl::string_view shape, size_t rows) {
    shapes_.resize(2 * rows);
    return ReadVarints(&shape, shapes_.size(), shapes_.data());
  }

  // Moves on to a later row; false if the ids are malformed.
  bool Pick(uint32_t row) {
    size_t known = id_.size();
    for (; next_ <= row; ++next_) {
      known = std::min<size_t>(known, Shared(next_));
      end_ += Added(next_);
    }
    size_t open = size_t{Shared(row)} + Added(row);
    if (end_ > bytes_.size() || open > end_) {
      return false;
    }
    id_.resize(open);
    size_t begin = end_;
    for (size_t i = row + size_t{1}; open > known && i-- > 0;) {
      begin -= Added(i);
      const size_t shared = Shared(i);
      if (open > shared + Added(i)) {
        return false;
      }
      if (open > shared) {
        bytes_.copy(id_.data() + shared, open - shared, begin);
        open = shared;
      }
    }
    return open <= known;
  }

  absl::string_view id() const { return id_; }

 private:
  uint32_t Shared(size_t row) const { return shapes_[2 * row]; }
  uint32_t Added(size_t row) const { return shapes_[2 * row + 1]; }

  absl::string_view bytes_;
  std::vector<uint32_t> shapes_;  // How many bytes each row shares with the one before, and adds.
  std::string id_;                // The id of the row before next_.
  size_t next_ = 0;
  size_t end_ = 0;  // Where the bytes end that the row before next_ adds.
};

bool PickEventIds(const EventIds& stored, const Rows& rows, std::string* shape,
                  std::string* bytes) {
  IdPicker ids(stored.bytes);
  if (!ids.ReadShapes(stored.shape, rows.empty() ? 0 : rows.back() + size_t{1})) {
    return false;
  }
  for (const uint32_t row : rows) {
    if (!ids.Pick(row)) {
      return false;
    }
    AppendVarint(shape, 0);
    AppendVarint(shape, ids.id().size());
    bytes->append(ids.id().data(), ids.id().size());
  }
  return true;
}

// Puts the picked values of a column into `*columns`; ids are kept for the end.
bool PickColumn(ColumnId id, absl::string_view raw, const Rows& rows, EventIds* ids,
                BlockColumns* columns) {
  std::string picked;
  switch (id) {
    case ColumnId::kRunNames:
    case ColumnId::kStrings:
    case ColumnId::kReportedUsageRecipes:
    case ColumnId::kAttributeSets:
      return columns->Read(id, raw);
    case ColumnId::kReportedUsageNumbers:
      return true;  // PickReportedNumbers reads them.
    case ColumnId::kEventIdShape:
      ids->shape = raw;
      return true;
    case ColumnId::kEventIdBytes:
      ids->bytes = raw;
      return true;
    case ColumnId::kTime:
      return PickTimes(raw, rows, &picked) && columns->Read(id, picked);
    case ColumnId::kNegativeWeights:
      return PickNegativeWeights(raw, rows, &picked) && columns->Read(id, picked);
    default:
      return PickVarints(raw, rows, &picked) && columns->Read(id, picked);
  }
}

// `names` are those of all runs, if they have been read already.
absl::StatusOr<Block> PickRows(StoredBlock* stored, const Rows& rows, StringColumn names) {
  Block block;
  block.ref = stored->ref;
  const bool has_names = !names.empty();
  block.calls.run_names = std::move(names);
  BlockColumns columns(&block, rows.size(), 0);
  EventIds ids;
  for (size_t i = 0; i < stored->columns.size(); ++i) {
    const auto id = static_cast<ColumnId>(stored->columns[i].id);
    if (id == ColumnId::kCompletions || (id == ColumnId::kRunNames && has_names)) {
      continue;
    }
    ASSIGN_OR_RETURN(const absl::string_view raw, stored->Raw(i));
    if (!PickColumn(id, raw, rows, &ids, &columns)) {
      return DamagedColumn(stored->ref, stored->columns[i].id);
    }
  }
  ASSIGN_OR_RETURN(const std::string numbers, PickReportedNumbers(stored, rows));
  std::string shape;
  std::string bytes;
  columns.Read(ColumnId::kReportedUsageNumbers, numbers);
  if (!PickEventIds(ids, rows, &shape, &bytes) || !columns.Read(ColumnId::kEventIdShape, shape) ||
      !columns.Read(ColumnId::kEventIdBytes, bytes) || !columns.Finish(kAllColumns)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

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
  return PickRows(&stored, rows, std::move(names));
}

absl::StatusOr<Block> DecodeChosen(BlockRef ref, absl::string_view bytes, ColumnMask mask,
                                   RowChooser choose) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  ASSIGN_OR_RETURN(Block shown, DecodeColumns(&stored, mask));
  const Rows rows = choose(shown);
  CHECK(rows.empty() || rows.back() < stored.rows);
  return PickRows(&stored, rows, std::move(shown.calls.run_names));
}

}  // namespace itemized
