// SPDX-License-Identifier: Apache-2.0
#include "client/reconcile/export_rows.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

constexpr int kUsdDigits = 12;
constexpr int kCentDigits = 10;
constexpr int kFineDigits = 15;  // Exports print binary fractions, with digits beyond what counts.

// The fields of rows that say how much, and not of what.
constexpr std::array<absl::string_view, 21> kFigures = {"uncached_input_tokens",
                                                        "cache_read_input_tokens",
                                                        "cache_creation",
                                                        "output_tokens",
                                                        "server_tool_use",
                                                        "amount",
                                                        "quantity",
                                                        "input_tokens",
                                                        "input_cached_tokens",
                                                        "input_uncached_tokens",
                                                        "input_cache_write_tokens",
                                                        "input_audio_tokens",
                                                        "output_audio_tokens",
                                                        "num_model_requests",
                                                        "input_text_tokens",
                                                        "output_text_tokens",
                                                        "spend",
                                                        "total_tokens",
                                                        "prompt_tokens",
                                                        "completion_tokens",
                                                        "input_image_tokens"};

absl::Status Missing(const std::string& where, absl::string_view field) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, " has no ", Quoted(field), ", which has to be there."));
}

absl::Status Unreadable(const std::string& where, absl::string_view field, const JsonValue& value,
                        absl::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat(where, " has ", Quoted(value.text), " as ",
                                                 Quoted(field), "; it must be ", wanted, "."));
}

bool IsAbsent(const JsonValue* value) {
  return value == nullptr || value->kind == JsonValue::Kind::kNull;
}

// Adds a count of `row` to `sum`. A count that is absent is 0, unless it is needed.
absl::Status AddCount(const std::string& where, const JsonValue& row, absl::string_view field,
                      bool is_needed, int64_t* sum) {
  const JsonValue* const value = row.Find(field);
  if (IsAbsent(value)) {
    return is_needed ? Missing(where, field) : absl::OkStatus();
  }
  constexpr int64_t kCountMax = int64_t{1} << 53;
  const absl::StatusOr<Picos> count = ParseDecimal(value->text, 0);
  if (!count.ok() || *count < 0 || *count > kCountMax) {
    return Unreadable(where, field, *value, "a count from 0 up");
  }
  *sum += static_cast<int64_t>(*count);
  return absl::OkStatus();
}

absl::StatusOr<Picos> ReadAmount(const std::string& where, absl::string_view field,
                                 const JsonValue* value, int digits) {
  if (IsAbsent(value)) {
    return Missing(where, field);
  }
  const absl::StatusOr<Picos> fine = ParseDecimal(value->text, digits + kFineDigits);
  if (!fine.ok()) {
    return Unreadable(where, field, *value, "an amount of money");
  }
  return DivideRounded(*fine, int64_t{1'000'000'000'000'000});
}

absl::Status CheckCurrency(const std::string& where, const JsonValue* currency) {
  if (!IsAbsent(currency) && !absl::EqualsIgnoreCase(currency->text, "usd")) {
    return Unreadable(where, "currency", *currency, "USD, as traced amounts are");
  }
  return absl::OkStatus();
}

// Returns the model of a row; an export that is not grouped by model has none in any.
absl::StatusOr<std::string> ModelOf(const std::string& where, const JsonValue& row,
                                    absl::string_view grouping) {
  const JsonValue* const model = row.Find("model");
  if (IsAbsent(model) || model->text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no \"model\"; export it again with ", grouping, "."));
  }
  return model->text;
}

absl::StatusOr<ExportRow> ReadAnthropicUsage(const std::string& where, const JsonValue& row) {
  ExportRow read;
  ASSIGN_OR_RETURN(read.model, ModelOf(where, row, "group_by[]=model"));
  int64_t tokens = 0;
  RETURN_IF_ERROR(AddCount(where, row, "uncached_input_tokens", true, &tokens));
  RETURN_IF_ERROR(AddCount(where, row, "cache_read_input_tokens", true, &tokens));
  RETURN_IF_ERROR(AddCount(where, row, "output_tokens", true, &tokens));
  if (const JsonValue* const written = row.Find("cache_creation"); !IsAbsent(written)) {
    RETURN_IF_ERROR(AddCount(where, *written, "ephemeral_5m_input_tokens", false, &tokens));
    RETURN_IF_ERROR(AddCount(where, *written, "ephemeral_1h_input_tokens", false, &tokens));
  }
  read.figures.tokens = tokens;
  return read;
}

absl::StatusOr<ExportRow> ReadAnthropicCost(const std::string& where, const JsonValue& row) {
  ExportRow read;
  RETURN_IF_ERROR(CheckCurrency(where, row.Find("currency")));
  ASSIGN_OR_RETURN(read.figures.cost, ReadAmount(where, "amount", row.Find("amount"), kCentDigits));
  const JsonValue* const model = row.Find("model");
  const JsonValue* const type = row.Find("cost_type");
  if (!IsAbsent(model) && !model->text.empty()) {
    read.model = model->text;
  } else if (!IsAbsent(type) && type->text != "tokens") {
    read.model = absl::StrCat("(", type->text, ")");  // Searches and code have no model there.
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no \"model\"; export it again with group_by[]=description."));
  }
  return read;
}

absl::StatusOr<ExportRow> ReadOpenAiUsage(const std::string& where, const JsonValue& row) {
  ExportRow read;
  ASSIGN_OR_RETURN(read.model, ModelOf(where, row, "group_by=model"));
  int64_t tokens = 0;
  RETURN_IF_ERROR(AddCount(where, row, "input_tokens", true, &tokens));
  RETURN_IF_ERROR(AddCount(where, row, "output_tokens", true, &tokens));
  RETURN_IF_ERROR(AddCount(where, row, "input_audio_tokens", false, &tokens));
  RETURN_IF_ERROR(AddCount(where, row, "output_audio_tokens", false, &tokens));
  read.figures.tokens = tokens;
  if (!IsAbsent(row.Find("num_model_requests"))) {
    int64_t calls = 0;
    RETURN_IF_ERROR(AddCount(where, row, "num_model_requests", true, &calls));
    read.figures.calls = calls;
  }
  return read;
}

absl::StatusOr<ExportRow> ReadOpenAiCosts(const std::string& where, const JsonValue& row) {
  const JsonValue* const item = row.Find("line_item");
  if (IsAbsent(item) || item->text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no \"line_item\"; export it again with group_by=line_item."));
  }
  const JsonValue* const amount = row.Find("amount");
  if (IsAbsent(amount)) {
    return Missing(where, "amount");
  }
  RETURN_IF_ERROR(CheckCurrency(where, amount->Find("currency")));
  ExportRow read;
  ASSIGN_OR_RETURN(read.figures.cost,
                   ReadAmount(where, "amount.value", amount->Find("value"), kUsdDigits));
  // A line item is "gpt-4o-2024-08-06, cached input".
  const absl::string_view text = item->text;
  read.model = std::string(absl::StripAsciiWhitespace(text.substr(0, text.rfind(','))));
  return read;
}

absl::StatusOr<ExportRow> ReadLiteLlmSpend(const std::string& where, const JsonValue& row) {
  ExportRow read;
  ASSIGN_OR_RETURN(read.model, ModelOf(where, row, "all columns of SpendLogs"));
  ASSIGN_OR_RETURN(read.figures.cost, ReadAmount(where, "spend", row.Find("spend"), kUsdDigits));
  int64_t tokens = 0;
  if (IsAbsent(row.Find("prompt_tokens"))) {
    RETURN_IF_ERROR(AddCount(where, row, "total_tokens", true, &tokens));
  } else {
    RETURN_IF_ERROR(AddCount(where, row, "prompt_tokens", true, &tokens));
    RETURN_IF_ERROR(AddCount(where, row, "completion_tokens", true, &tokens));
  }
  read.figures.tokens = tokens;
  read.figures.calls = 1;
  return read;
}

// Appends a value as text that is equal for equal values only.
void AppendTo(std::string* text, const JsonValue& value) {
  absl::StrAppend(text, static_cast<int>(value.kind), value.truth ? "t" : "", ":",
                  value.text.size(), ":", value.text, "(");
  for (const JsonValue& item : value.items) {
    AppendTo(text, item);
  }
  for (const JsonMember& member : value.members) {
    absl::StrAppend(text, member.name.size(), ":", member.name);
    AppendTo(text, member.value);
  }
  text->push_back(')');
}

}  // namespace

absl::StatusOr<ExportRow> ReadExportRow(ExportFormat format, const std::string& where,
                                        const JsonValue& row) {
  if (!row.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(where, " must be an object."));
  }
  switch (format) {
    case ExportFormat::kAnthropicUsage:
      return ReadAnthropicUsage(where, row);
    case ExportFormat::kAnthropicCost:
      return ReadAnthropicCost(where, row);
    case ExportFormat::kOpenAiUsage:
      return ReadOpenAiUsage(where, row);
    case ExportFormat::kOpenAiCosts:
      return ReadOpenAiCosts(where, row);
    case ExportFormat::kLiteLlmSpend:
    case ExportFormat::kAuto:
      break;
  }
  return ReadLiteLlmSpend(where, row);
}

ExportFormat DetectFormat(const JsonValue& row) {
  const JsonValue* const amount = row.Find("amount");
  if (row.Find("uncached_input_tokens") != nullptr) {
    return ExportFormat::kAnthropicUsage;
  }
  if (amount != nullptr) {
    return amount->is_object() ? ExportFormat::kOpenAiCosts : ExportFormat::kAnthropicCost;
  }
  if (row.Find("spend") != nullptr && row.Find("startTime") != nullptr) {
    return ExportFormat::kLiteLlmSpend;
  }
  return row.Find("input_tokens") != nullptr ? ExportFormat::kOpenAiUsage : ExportFormat::kAuto;
}

std::string IdentityOf(const JsonValue& row) {
  if (const JsonValue* const request = row.Find("request_id"); !IsAbsent(request)) {
    return absl::StrCat("request ", request->text);
  }
  std::string identity;
  for (const JsonMember& member : row.members) {
    if (std::find(kFigures.begin(), kFigures.end(), member.name) == kFigures.end()) {
      absl::StrAppend(&identity, member.name.size(), ":", member.name);
      AppendTo(&identity, member.value);
    }
  }
  return identity;
}

absl::StatusOr<int64_t> ReadInstant(const std::string& where, absl::string_view field,
                                    const JsonValue* value) {
  if (IsAbsent(value)) {
    return Missing(where, field);
  }
  if (value->kind == JsonValue::Kind::kNumber) {
    const absl::StatusOr<Picos> us = ParseDecimal(value->text, 6);
    if (us.ok() && *us >= kTimeMinUs && *us <= kTimeMaxUs) {
      return static_cast<int64_t>(*us);
    }
    return Unreadable(where, field, *value, "seconds since 1970");
  }
  const std::string text = absl::StrReplaceAll(value->text, {{" ", "T"}});
  for (const char* const zone : {"", "Z"}) {
    if (const absl::StatusOr<int64_t> us = ParseTime(absl::StrCat(text, zone)); us.ok()) {
      return *us;
    }
  }
  return Unreadable(where, field, *value, "an instant such as 2026-11-01T00:00:00Z");
}

}  // namespace itemized::client
