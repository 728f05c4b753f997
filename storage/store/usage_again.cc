// SPDX-License-Identifier: Apache-2.0
#include "storage/store/usage_again.h"

#include "absl/strings/str_cat.h"

#include "storage/usage_shapes/reported_usage.h"

namespace itemized {

absl::StatusOr<RowUsage> ReadUsageAgain(const CallRows& calls, size_t row) {
  const absl::string_view kept = calls.ReportedUsageAt(row);
  if (kept.empty()) {
    return calls.RowUsageAt(row);
  }
  const absl::StatusOr<ReadAgain> read = ReadKeptUsage(kept);
  if (!read.ok()) {
    return absl::DataLossError(absl::StrCat(
        "The store is damaged: a call has a kept report that is none. Restore the data "
        "directory from a backup. ",
        read.status().message()));
  }
  return RowUsage{.usage = read->usage.value_or(Usage()),
                  .missing = !read->usage.has_value(),
                  .unknown = read->is_unknown};
}

}  // namespace itemized
