// SPDX-License-Identifier: Apache-2.0
#include "client/rates/litellm_field.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace itemized::client {
namespace {

// Names in the file and in v1.Prices. If a model has two for one price, the later in this
// list is used.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 16> kFields = {{
    {"input_cost_per_token", "input"},
    {"output_cost_per_token", "output"},
    {"output_cost_per_reasoning_token", "reasoning"},
    {"input_cost_per_token_cache_hit", "cache_read"},
    {"cache_read_input_token_cost", "cache_read"},
    {"cache_creation_input_token_cost", "cache_write_5m"},
    {"cache_creation_input_token_cost_above_1hr", "cache_write_1h"},
    {"input_cost_per_audio_token", "input_audio"},
    {"cache_read_input_audio_token_cost", "cache_read_audio"},
    {"cache_read_input_token_cost_per_audio_token", "cache_read_audio"},
    {"output_cost_per_audio_token", "output_audio"},
    {"input_cost_per_image_token", "input_image"},
    {"output_cost_per_image_token", "output_image"},
    {"input_cost_per_request", "request"},
    {"search_context_size_medium", "web_search"},
    {"search_context_cost_per_query", "web_search"},
}};

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 4> kTierSuffixes = {{
    {"_flex", "flex"},
    {"_priority", "priority"},
    {"_batches", "batch"},
    {"_batch_requests", "batch"},
}};

constexpr int32_t kSecondsPerDay = 24 * 60 * 60;

// Takes a tier of service off the end of `rest`.
bool TakeTier(absl::string_view* rest, LiteLlmField* field) {
  for (const auto& [suffix, tier] : kTierSuffixes) {
    if (field->service_tier.empty() && absl::ConsumeSuffix(rest, suffix)) {
      field->service_tier = std::string(tier);
      return true;
    }
  }
  return false;
}

// Takes a context size such as "_above_200k_tokens" off the end of `rest`.
bool TakeThreshold(absl::string_view* rest, LiteLlmField* field) {
  const size_t at = rest->rfind("_above_");
  if (field->over_tokens != 0 || at == absl::string_view::npos) {
    return false;
  }
  absl::string_view size = rest->substr(at + sizeof("_above_") - 1);
  int64_t thousands = 0;
  if (!absl::ConsumeSuffix(&size, "k_tokens") || !absl::SimpleAtoi(size, &thousands) ||
      thousands <= 0 || thousands >= 1'000'000) {
    return false;
  }
  field->over_tokens = thousands * 1'000;
  rest->remove_suffix(rest->size() - at);
  return true;
}

// Reads "16:30" as a second of the day; "24:00" is the midnight at its end.
std::optional<int32_t> ParseTimeOfDay(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  int32_t hour = 0;
  int32_t minute = 0;
  if (parts.size() != 2 || parts[0].size() != 2 || parts[1].size() != 2 ||
      !absl::SimpleAtoi(parts[0], &hour) || !absl::SimpleAtoi(parts[1], &minute) || hour < 0 ||
      minute < 0 || minute > 59 || hour * 60 + minute > 24 * 60) {
    return std::nullopt;
  }
  return (hour * 60 + minute) * 60 % kSecondsPerDay;
}

std::optional<v1::HoursOfDay> ParseWindow(absl::string_view text) {
  const std::vector<absl::string_view> ends = absl::StrSplit(text, '-');
  if (ends.size() != 2) {
    return std::nullopt;
  }
  const std::optional<int32_t> from = ParseTimeOfDay(absl::StripAsciiWhitespace(ends[0]));
  const std::optional<int32_t> to = ParseTimeOfDay(absl::StripAsciiWhitespace(ends[1]));
  if (!from || !to) {
    return std::nullopt;
  }
  v1::HoursOfDay hours;
  if (*from != *to) {
    hours.set_from_second(*from);
    hours.set_to_second(*to);
  }
  return hours;
}

}  // namespace

LiteLlmField ParseLiteLlmField(absl::string_view name) {
  LiteLlmField field;
  absl::string_view rest = name;
  while (TakeTier(&rest, &field) || TakeThreshold(&rest, &field)) {
  }
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (rest == kFields[i].first) {
      field.price = std::string(kFields[i].second);
      field.rank = i + 1;
    }
  }
  return field;
}

bool IsLiteLlmPrice(absl::string_view name) {
  return absl::StrContains(name, "cost") || absl::StrContains(name, "pricing") ||
         absl::StrContains(name, "uplift");
}

std::vector<v1::HoursOfDay> ParseLiteLlmHours(const JsonValue& hours) {
  std::vector<absl::string_view> windows;
  if (hours.is_string()) {
    windows.push_back(hours.text);
  }
  for (const JsonValue& item : hours.items) {
    windows.push_back(item.text);
  }
  std::vector<v1::HoursOfDay> read;
  for (const absl::string_view window : windows) {
    const std::optional<v1::HoursOfDay> one = ParseWindow(window);
    if (!one) {
      return {};
    }
    read.push_back(*one);
  }
  return read;
}

}  // namespace itemized::client
