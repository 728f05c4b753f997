// SPDX-License-Identifier: Apache-2.0
#pragma once

// One column of a block as bytes: a stream of varints, which leaves zeros out where most values are
// zero, and is compressed where that pays (storage/FORMAT.md, "Column").

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

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

// A column as it stands in a block: not decompressed yet.
struct StoredColumn {
  uint8_t id = 0;
  uint8_t encoding = 0;
  size_t raw_size = 0;
  absl::string_view stored;
};

// Reads one column from the front of `*in` and advances it. DATA_LOSS if malformed.
absl::StatusOr<StoredColumn> ReadColumn(absl::string_view* in);

// Returns the raw bytes of a column of a block of `rows`, zeros included. They lie in `*buffer` or
// in the block itself. DATA_LOSS if malformed.
absl::StatusOr<absl::string_view> RawBytes(const StoredColumn& column, size_t rows,
                                           std::string* buffer);

}  // namespace itemized
