// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/usage_shapes: what the usage objects of providers mean. May use base and model.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/model/cache_accounting.h"
#include "storage/model/usage.h"

namespace itemized {

// A longer report is refused.
inline constexpr size_t kReportBytesMax = size_t{1} << 20;

// Objects and lists in one another beyond this are refused.
inline constexpr size_t kReportDepthMax = 64;

// A report of more responses than this is refused: a call is a few, and what an agent's program
// reports of its own run some hundreds.
inline constexpr size_t kReportMessagesMax = 1'000;

// Something about a report that its sender, or whoever runs the server, ought to know.
struct UsageTrouble {
  // It is the same for all troubles of one kind in reports of one shape, whatever the numbers.
  std::string kind;
  // Whole sentences, with names and numbers of the report and nothing else of it.
  std::string sentence;
};

// What a provider reported of one call. Texts that were not told are empty.
struct ReportedUsage {
  // Absent if nothing was reported, or what was reported cannot be counted.
  std::optional<Usage> usage;
  std::string shape;     // The form of the report, such as "openai.chat".
  std::string provider;  // A name such as "anthropic", if the form tells it for sure.
  std::string model;     // The model that served the call.
  // The tier and the place that served the call, in the provider's words: "flex", "us".
  std::string service_tier;
  std::string region;
  // What the provider or a gateway says that it charged. It does not replace the bill.
  std::optional<Picos> reported_cost;
  // What is to be kept of the report (KeptReport); "" if there is nothing, or it is too long.
  std::string kept;
  bool is_too_long_to_keep = false;
  // Why there is no usage, why it may be wrong, or what of it is not counted. The first few.
  std::vector<UsageTrouble> troubles;
  bool is_unknown = false;      // Something in the report is of no form that is known.
  bool is_misreported = false;  // Its numbers are no counts, or contradict each other.
};

// Reads a report by the table proto/itemized/v1/usage_shapes.json. `json` is a usage object, a
// whole response, an event or chunk of a stream, or an array of those in their order. The
// classes of several responses are added up; if one of them cannot be counted nothing is, for a
// part of a bill is not the bill.
//
// INVALID_ARGUMENT with a sentence if `json` is no JSON, is neither an object nor an array, or is
// larger or deeper than what is allowed, has too many responses, or contradicts `accounting`, which
// is what the sender says of it. Thread-safe.
absl::StatusOr<ReportedUsage> ReadReportedUsage(
    absl::string_view json, CacheAccounting accounting = CacheAccounting::kUnsaid);

// What a report that was kept says, by the present table.
struct ReadAgain {
  std::optional<Usage> usage;  // Absent if it cannot be counted.
  bool is_unknown = false;     // It is of no form that is known, or its numbers are no counts.
};

// Reads `kept` of ReportedUsage again. It says what the report says, but for what this program's
// table knows better. INVALID_ARGUMENT with a sentence if it was not kept by any version of this
// program. Thread-safe.
absl::StatusOr<ReadAgain> ReadKeptUsage(absl::string_view kept);

}  // namespace itemized
