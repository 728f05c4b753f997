// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is kept of a report, so that a better table of shapes can read it again: its numbers, and
// the names by which they are found.

#include <string>
#include <vector>

#include "storage/usage_shapes/reported_messages.h"
#include "storage/usage_shapes/usage_table.h"

namespace itemized {

// A text longer than this is not kept.
inline constexpr size_t kKeptReportBytesMax = size_t{2} << 10;

// Returns the usage objects of the messages as JSON: one object, or an array of several. Nothing of
// what a user wrote is in it: of texts it has only those that the table knows as labels, and of
// names only those of up to 64 letters, digits and _.-; it has no nulls. Returns "" if no message
// has told anything.
std::string KeptReport(const std::vector<ReportedMessage>& messages, const UsageTable& table);

}  // namespace itemized
