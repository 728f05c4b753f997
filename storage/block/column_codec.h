// SPDX-License-Identifier: Apache-2.0
#pragma once

// One column of a block as bytes: a stream of varints, which leaves zeros out where most values are
// zero, and is compressed where that pays; or packed bits (storage/FORMAT.md, "Column").

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/usage_classes.h"

namespace itemized {

// PERSISTED: never change or reuse a number.
enum class ColumnId : uint8_t {
  kRunNames = 1,
  kStrings = 2,
  kAttributeSets = 3,
  kNegativeWeights = 4,
  kTime = 5,
  kSeries = 6,
  kRun = 7,
  kEventIdShape = 8,
  kEventIdBytes = 9,
  kDuration = 10,
  kStatus = 11,
  kCost = 12,
  kFlags = 13,
  kP50 = 14,
  kSampleCount = 15,
  kAttributeSet = 16,
  kCompletions = 17,
  kRevision = 18,
  kReportedCost = 19,
  kReportedUsageRecipes = 20,
  kReportedUsageRecipe = 21,
  kReportedUsageNumbers = 22,
  kOtherModel = 23,
  kUsageFirst = 32,  // The column of a usage class has kUsageFirst plus its number.
};

// A set of columns to decode.
using ColumnMask = uint64_t;
constexpr ColumnMask Columns(ColumnId id) {
  return ColumnMask{1} << static_cast<int>(id);
}
template <typename... Ids>
constexpr ColumnMask Columns(ColumnId id, Ids... rest) {
  return Columns(id) | Columns(rest...);
}
inline constexpr ColumnMask kUsageColumns = ((ColumnMask{1} << kUsageClassCount) - 1)
                                            << static_cast<int>(ColumnId::kUsageFirst);
inline constexpr ColumnMask kAllColumns = ~ColumnMask{0};

// Appends column `id`, which holds `raw`, to `*out`; appends nothing if `raw` is empty.
void AppendColumn(ColumnId id, absl::string_view raw, std::string* out);

// Appends a column that is zero but for a few rows. For each of these, `raw` has two varints: how
// far it lies behind the one before (the first: behind row 0), and its value.
void AppendSparseColumn(ColumnId id, absl::string_view raw, std::string* out);

// Appends a column of `values` in the smaller of two forms: as AppendColumn does their varints, or
// packed (storage/block/packed_column.h). Appends nothing if there are none.
void AppendNumbers(ColumnId id, absl::Span<const uint64_t> values, std::string* out);

// A column as it stands in a block: not decompressed yet.
struct StoredColumn {
  bool is_packed() const;
  bool is_sparse() const;

  uint8_t id = 0;
  uint8_t encoding = 0;
  size_t raw_size = 0;
  absl::string_view stored;
};

// Reads one column from the front of `*in` and advances it. DATA_LOSS if malformed.
absl::StatusOr<StoredColumn> ReadColumn(absl::string_view* in);

// Returns the raw bytes of a column of a block of `rows`, zeros included. They lie in `*buffer` or
// in the block itself. DATA_LOSS if malformed or packed.
absl::StatusOr<absl::string_view> RawBytes(const StoredColumn& column, size_t rows,
                                           std::string* buffer);

// Returns in `*out` the raw bytes that a sparse column of a block of `rows` has for some of them,
// `picked`, which rise. DATA_LOSS if malformed.
absl::Status PickSparse(const StoredColumn& column, size_t rows, absl::Span<const uint32_t> picked,
                        std::string* out);

}  // namespace itemized
