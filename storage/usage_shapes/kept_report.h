// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is kept of a report, so that a better table of shapes can read it again: its numbers, and
// the names by which they are found.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/model/cache_accounting.h"
#include "storage/usage_shapes/json_value.h"
#include "storage/usage_shapes/reported_messages.h"
#include "storage/usage_shapes/usage_table.h"

namespace itemized {

// A text longer than this is not kept.
inline constexpr size_t kKeptReportBytesMax = size_t{2} << 10;

// Returns the usage objects of the messages as JSON: one object, or an array of several. Nothing of
// what a user wrote is in it: of texts it has only those that the table knows as labels, any other
// is "" there, and of names only those of up to 64 letters, digits and _.-[]; it has no nulls. What
// the sender says of the cache is a text "cache_accounting" of the first object. Returns "" if no
// message has told anything.
std::string KeptReport(const std::vector<ReportedMessage>& messages, CacheAccounting accounting,
                       const UsageTable& table);

// What a kept report was made of, as far as usage is made of it again.
struct KeptMessages {
  std::vector<ReportedMessage> messages;
  CacheAccounting accounting = CacheAccounting::kUnsaid;
};

// Takes a kept report apart, which outlives what is returned. INVALID_ARGUMENT if it is none.
absl::StatusOr<KeptMessages> ReadKeptMessages(JsonElement kept, const UsageTable& table);

}  // namespace itemized
