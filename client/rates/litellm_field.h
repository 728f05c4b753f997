// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names of the price fields of LiteLLM's file, and its hours of the day.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "itemized/v1/rates.pb.h"

#include "client/rates/json.h"

namespace itemized::client {

// What the name of a field says, such as "input_cost_per_token_above_200k_tokens_priority": a
// price, and in any order the context size above which it holds and the tier of service.
struct LiteLlmField {
  std::string price;         // The field of v1.Prices; "" if the name is of no price known here.
  size_t rank = 0;           // A model may have two names for one price; the higher rank is used.
  int64_t over_tokens = 0;   // Total input tokens above which it holds; 0 if it is of any size.
  std::string service_tier;  // "flex", "priority" or "batch"; "" for the standard.
};

LiteLlmField ParseLiteLlmField(absl::string_view name);

// Returns whether a field is about money, known here or not.
bool IsLiteLlmPrice(absl::string_view name);

// Returns the hours of the day that "16:30-00:30" stands for, or a list of such; none if one of
// them cannot be read. Equal ends are the whole day.
std::vector<v1::HoursOfDay> ParseLiteLlmHours(const JsonValue& hours);

}  // namespace itemized::client
