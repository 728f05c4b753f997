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
#include "storage/log/block_codec.h"
#include "storage/log/block_columns.h"
#include "storage/log/event_id_reader.h"
#include "storage/log/stored_block.h"

namespace itemized {
namespace {

using Rows = std::vector<uint32_t>;  // Rising.

// Moves `*at` behind `count` varints, each of which ends with a byte below 0x80.
bool SkipVarints(absl::string_view raw, size_t count, size_t* at) {
  while (count > 0 && raw.size() - *at >= sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, raw.data() + *at, sizeof(eight));
    const uint64_t end_bits = (~eight & 0x8080808080808080u) >> 7;
    const size_t ends = (end_bits * 0x0101010101010101u) >> 56;  // Their sum.
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

// The rows with a weight of -1, each as the distance to the one before.
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

bool PickEventIds(const EventIds& stored, const Rows& rows, std::string* shape,
                  std::string* bytes) {
  EventIdReader ids(stored.shape, stored.bytes);
  size_t next = 0;
  for (const uint32_t row : rows) {
    for (; next <= row; ++next) {
      if (!ids.Next()) {
        return false;
      }
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
    case ColumnId::kAttributeSets:
      return columns->Read(id, raw);
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

// `names`: those of all runs, if they have been read already.
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
      return DamagedBlock(stored->ref,
                          absl::StrCat("column ", stored->columns[i].id, " cannot be read"));
    }
  }
  std::string shape;
  std::string bytes;
  if (!PickEventIds(ids, rows, &shape, &bytes) || !columns.Read(ColumnId::kEventIdShape, shape) ||
      !columns.Read(ColumnId::kEventIdBytes, bytes) || !columns.Finish(kAllColumns)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

// The rows whose run is among `wanted`; false if malformed.
bool FindRows(const std::vector<bool>& wanted, absl::string_view run_column, size_t rows,
              Rows* found) {
  std::vector<uint32_t> runs(rows);
  if (!run_column.empty() &&
      (!ReadVarints(&run_column, rows, runs.data()) || !run_column.empty())) {
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
