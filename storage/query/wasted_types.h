// SPDX-License-Identifier: Apache-2.0
#pragma once

// The question what was spent for nothing, and its answer. Money is in pico-dollars.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/query/query_types.h"

namespace itemized {

// Why nobody got anything of a call. The comment of itemized.v1.WasteReason says what each means; a
// call has the first of them that is true of it.
enum class WasteReason : uint8_t {
  kUnusedStep,
  kFailed,
  kAbandoned,
  kShortCircuited,
  kRetried,
  kCallFailed,
  kDuplicatePrompt,
};
inline constexpr size_t kWasteReasonCount = 7;

struct WastedQuery {
  Window window;
  GroupBy by = GroupBy::kStep;
  std::string attribute_key = {};  // Used only if `by` is kAttribute.
  CallFilter filter = {};
};

struct WastedSum {
  int64_t calls = 0;
  Picos cost = 0;
};
using WastedByReason = std::array<WastedSum, kWasteReasonCount>;

struct WastedRow {
  std::string key;
  WasteReason reason = WasteReason::kUnusedStep;
  WastedSum wasted;
  Picos spend = 0;  // What all calls of the key cost.
};

struct WastedAnswer {
  TimeRange range;
  int64_t calls = 0;  // All calls of the question, wasted or not.
  int64_t unpriced_calls = 0;
  Picos spend = 0;
  WastedSum wasted;  // The rows add up to it.
  WastedByReason reasons;
  std::vector<WastedRow> rows;  // They stand by falling cost, then by key and reason.
};

}  // namespace itemized
