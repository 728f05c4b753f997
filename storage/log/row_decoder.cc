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
  int64_t offset = 0;
  int64_t picked = 0;
  size_t next = 0;
  for (const uint32_t row : rows) {
    for (; next <= row; ++next) {
      int64_t delta = 0;
      if (!ReadZigzag(&raw, &delta) || __builtin_add_overflow(offset, delta, &offset)) {
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
  std::string shape;
  std::string bytes;
};

// Each id is what it adds to the one before.
bool PickEventIds(const EventIds& stored, const Rows& rows, EventIds* out) {
  absl::string_view shape = stored.shape;
  absl::string_view bytes = stored.bytes;
  std::string id;
  size_t next = 0;
  for (const uint32_t row : rows) {
    for (; next <= row; ++next) {
      uint64_t shared = 0;
      uint64_t added = 0;
      if (!ReadVarint(&shape, &shared) || !ReadVarint(&shape, &added) || shared > id.size() ||
          added > bytes.size()) {
        return false;
      }
      id.resize(shared);
      id.append(bytes.data(), added);
      bytes.remove_prefix(added);
    }
    AppendVarint(&out->shape, 0);
    AppendVarint(&out->shape, id.size());
    out->bytes += id;
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
      ids->shape = std::string(raw);
      return true;
    case ColumnId::kEventIdBytes:
      ids->bytes = std::string(raw);
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
absl::StatusOr<Block> PickRows(StoredBlock* stored, const Rows& rows,
                               std::vector<std::string> names) {
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
  EventIds picked;
  if (!PickEventIds(ids, rows, &picked) || !columns.Read(ColumnId::kEventIdShape, picked.shape) ||
      !columns.Read(ColumnId::kEventIdBytes, picked.bytes) || !columns.Finish(kAllColumns)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

}  // namespace

absl::StatusOr<Block> DecodeChosen(BlockRef ref, absl::string_view bytes, ColumnMask mask,
                                   RowChooser choose) {
  ASSIGN_OR_RETURN(StoredBlock stored, ReadStoredBlock(ref, bytes));
  ASSIGN_OR_RETURN(Block shown, DecodeColumns(&stored, mask));
  const Rows rows = choose(shown);
  CHECK(rows.empty() || rows.back() < stored.rows);
  return PickRows(&stored, rows, std::move(shown.calls.run_names));
}

}  // namespace itemized
