// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

#include "storage/block/block.h"

namespace itemized {

// Returns the usage that the kept report of row `row` says by the present table of shapes; that of
// the row itself if no report of it is kept. DATA_LOSS if what is kept is no report. Thread-safe.
absl::StatusOr<RowUsage> ReadUsageAgain(const CallRows& calls, size_t row);

}  // namespace itemized
