// SPDX-License-Identifier: Apache-2.0
#pragma once

// What calls reported as their usage, as columns of a block. Most calls of a block report the same
// form, and most numbers of a report are sums of the usage classes of its call. So a block has each
// form once, as a *skeleton*: the text with a mark in the place of each number. A *recipe* says of
// each number of a skeleton which classes it is the sum of, or that it stands by itself. A call
// then needs the number of its recipe and the few numbers that no recipe explains.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/stored_block.h"

namespace itemized {

struct ReportedUsageColumns {
  std::string recipes;           // The skeletons and recipes of the block.
  std::vector<uint32_t> recipe;  // The number of each row's recipe plus one; 0 where none is kept.
  std::string numbers;           // What no recipe explains, by row.
};

// Returns the columns of `calls.reported_usage`. A text that is too long, or has a mark of ours
// outside of a string, which no JSON has, is left out.
ReportedUsageColumns EncodeReportedUsage(const CallRows& calls);

// Fills `calls->reported_usage`, which is empty, from columns whose recipes and numbers are raw
// bytes. The usage columns of `calls` are those of the same rows. Returns false if anything is
// malformed.
bool DecodeReportedUsage(absl::string_view recipes, const std::vector<uint32_t>& recipe,
                         absl::string_view numbers, CallRows* calls);

// Returns the raw numbers of the rows in `rows`, which rise. DATA_LOSS if anything is malformed.
absl::StatusOr<std::string> PickReportedNumbers(StoredBlock* stored,
                                                const std::vector<uint32_t>& rows);

}  // namespace itemized
