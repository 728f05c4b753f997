// SPDX-License-Identifier: Apache-2.0
#include "storage/block/picked_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/block/block_columns.h"
#include "storage/block/packed_column.h"
#include "storage/block/reported_usage_columns.h"
#include "storage/block/varint_skipping.h"

namespace itemized {
namespace {

using Rows = std::vector<uint32_t>;  // Numbers of rows, rising.

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

// Reads the first values of a column.
bool ReadFirst(absl::string_view raw, std::vector<uint64_t>* out) {
  return ReadVarints(&raw, out->size(), out->data());
}
bool ReadFirst(const PackedValues& values, std::vector<uint64_t>* out) {
  return out->size() <= values.size() && values.Read(out->size(), out->data());
}

// Each value is the difference to the one before.
template <typename Values>
bool PickTimes(const Values& values, const Rows& rows, std::string* out) {
  std::vector<uint64_t> steps(rows.empty() ? 0 : rows.back() + 1);
  if (!ReadFirst(values, &steps)) {
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

bool PickEventIds(const EventIds& stored, const Rows& rows, BlockColumns* columns) {
  std::string shape;
  std::string bytes;
  IdPicker ids(stored.bytes);
  if (!ids.ReadShapes(stored.shape, rows.empty() ? 0 : rows.back() + size_t{1})) {
    return false;
  }
  for (const uint32_t row : rows) {
    if (!ids.Pick(row)) {
      return false;
    }
    AppendVarint(&shape, 0);
    AppendVarint(&shape, ids.id().size());
    bytes.append(ids.id().data(), ids.id().size());
  }
  return columns->Read(ColumnId::kEventIdShape, shape) &&
         columns->Read(ColumnId::kEventIdBytes, bytes);
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

bool PickColumn(ColumnId id, const PackedValues& values, const Rows& rows, BlockColumns* columns) {
  if (id == ColumnId::kTime) {  // The steps before a row count, too.
    std::string picked;
    return PickTimes(values, rows, &picked) && columns->Read(id, picked);
  }
  return columns->Read(id, PackedRows(values, rows));
}

// Whether a column has one number for each row, which depends on no other row.
bool HasNumbers(ColumnId id) {
  switch (id) {
    case ColumnId::kRunNames:
    case ColumnId::kStrings:
    case ColumnId::kAttributeSets:
    case ColumnId::kNegativeWeights:
    case ColumnId::kTime:
    case ColumnId::kEventIdShape:
    case ColumnId::kEventIdBytes:
    case ColumnId::kCompletions:
    case ColumnId::kReportedUsageRecipes:
    case ColumnId::kReportedUsageNumbers:
      return false;
    default:
      return true;
  }
}

// Puts the values that rows have of columns[i] where PickColumn does.
absl::Status PickFrom(StoredBlock* stored, size_t i, const Rows& rows, EventIds* ids,
                      BlockColumns* columns) {
  const StoredColumn& column = stored->columns[i];
  const auto id = static_cast<ColumnId>(column.id);
  bool is_good = false;
  if (column.is_packed()) {
    ASSIGN_OR_RETURN(const PackedValues values, stored->Packed(i));
    is_good = PickColumn(id, values, rows, columns);
  } else if (column.is_sparse() && HasNumbers(id)) {
    std::string picked;
    is_good = PickSparse(column, stored->rows, rows, &picked).ok() && columns->Read(id, picked);
  } else {
    ASSIGN_OR_RETURN(const absl::string_view raw, stored->Raw(i));
    is_good = PickColumn(id, raw, rows, ids, columns);
  }
  return is_good ? absl::OkStatus() : DamagedColumn(stored->ref, column.id);
}

}  // namespace

absl::StatusOr<Block> PickRows(StoredBlock* stored, const Rows& rows, ColumnMask mask,
                               StringColumn names) {
  Block block;
  block.ref = stored->ref;
  mask = WithNeeded(mask & ~Columns(ColumnId::kCompletions));
  const ColumnMask read_before = names.empty() ? ColumnMask{0} : Columns(ColumnId::kRunNames);
  block.calls.run_names = std::move(names);
  BlockColumns columns(&block, rows.size(), 0);
  EventIds ids;
  for (size_t i = 0; i < stored->columns.size(); ++i) {
    if ((mask & ~read_before & (ColumnMask{1} << stored->columns[i].id)) != 0) {
      RETURN_IF_ERROR(PickFrom(stored, i, rows, &ids, &columns));
    }
  }
  if ((mask & Columns(ColumnId::kReportedUsageNumbers)) != 0) {
    ASSIGN_OR_RETURN(const std::string numbers, PickReportedNumbers(stored, rows));
    columns.Read(ColumnId::kReportedUsageNumbers, numbers);
  }
  if (((mask & Columns(ColumnId::kEventIdShape)) != 0 && !PickEventIds(ids, rows, &columns)) ||
      !columns.Finish(mask)) {
    return DamagedBlock(stored->ref, "its columns do not fit together");
  }
  return block;
}

}  // namespace itemized
