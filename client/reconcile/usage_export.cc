// SPDX-License-Identifier: Apache-2.0
#include "client/reconcile/usage_export.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "client/reconcile/export_rows.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

constexpr std::array<std::pair<ExportFormat, absl::string_view>, 6> kNames = {{
    {ExportFormat::kAuto, "auto"},
    {ExportFormat::kAnthropicUsage, "anthropic-usage"},
    {ExportFormat::kAnthropicCost, "anthropic-cost"},
    {ExportFormat::kOpenAiUsage, "openai-usage"},
    {ExportFormat::kOpenAiCosts, "openai-costs"},
    {ExportFormat::kLiteLlmSpend, "litellm-spend"},
}};

constexpr int64_t kCountSumMax = int64_t{1} << 53;
const Picos kCostSumMax = Picos(kPicosPerUsd) * kPicosPerUsd;

template <typename T>
void AddTo(std::optional<T>* sum, const std::optional<T>& more) {
  if (more.has_value()) {
    *sum = sum->value_or(T(0)) + *more;
  }
}

// Returns the first of the fields that an object has, and its name.
std::pair<absl::string_view, const JsonValue*> FirstOf(
    const JsonValue& object, std::initializer_list<absl::string_view> fields) {
  for (const absl::string_view field : fields) {
    if (const JsonValue* const value = object.Find(field);
        value != nullptr && value->kind != JsonValue::Kind::kNull) {
      return {field, value};
    }
  }
  return {*fields.begin(), nullptr};
}

}  // namespace

absl::StatusOr<ExportFormat> ParseExportFormat(absl::string_view name) {
  for (const auto& [format, text] : kNames) {
    if (name == text) {
      return format;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("There is no form of export ", Quoted(name),
                   ": give auto, anthropic-usage, anthropic-cost, openai-usage, openai-costs or "
                   "litellm-spend."));
}

absl::string_view ExportFormatName(ExportFormat format) {
  return kNames[static_cast<size_t>(format)].second;
}

absl::string_view ProviderOf(ExportFormat format) {
  const absl::string_view name = ExportFormatName(format);
  return absl::StartsWith(name, "anthropic") ? "anthropic"
         : absl::StartsWith(name, "openai")  ? "openai"
                                             : "";
}

void UsageFigures::Add(const UsageFigures& other) {
  AddTo(&calls, other.calls);
  AddTo(&tokens, other.tokens);
  AddTo(&cost, other.cost);
}

ExportReader::ExportReader(ExportFormat format, TimeRange wanted)
    : format_(format), wanted_(wanted) {
  export_.covers = {.start_us = kTimeMaxUs, .end_us = kTimeMinUs};
}

absl::Status ExportReader::Read(const std::string& name, absl::string_view content) {
  // A file of lines is no JSON as a whole, but its first line is.
  const absl::string_view first_line = content.substr(0, content.find('\n'));
  const bool goes_on = !absl::StripAsciiWhitespace(content.substr(first_line.size())).empty();
  if (goes_on && ParseJson(first_line).ok()) {
    return ReadLines(name, content);
  }
  ASSIGN_OR_RETURN(const JsonValue whole, ParseJson(content, Quoted(name)));
  return ReadDocument(Quoted(name), whole);
}

absl::Status ExportReader::ReadLines(const std::string& name, absl::string_view content) {
  int64_t line_number = 0;
  for (const absl::string_view line : absl::StrSplit(content, '\n')) {
    ++line_number;
    if (!absl::StripAsciiWhitespace(line).empty()) {
      const std::string where = absl::StrCat("Line ", line_number, " of ", Quoted(name));
      ASSIGN_OR_RETURN(const JsonValue document, ParseJson(line, where));
      RETURN_IF_ERROR(ReadDocument(where, document));
    }
  }
  return absl::OkStatus();
}

absl::Status ExportReader::ReadDocument(const std::string& where, const JsonValue& document) {
  if (!document.is_array()) {
    return ReadItem(where, document);
  }
  for (size_t i = 0; i < document.items.size(); ++i) {
    RETURN_IF_ERROR(ReadItem(absl::StrCat("Element ", i + 1, " of ", where), document.items[i]));
  }
  return absl::OkStatus();
}

// Reads a page of buckets, a bucket, or a row of calls.
absl::Status ExportReader::ReadItem(const std::string& where, const JsonValue& item) {
  if (const JsonValue* const data = item.Find("data"); data != nullptr && data->is_array()) {
    ++pages_;
    const JsonValue* const more = item.Find("has_more");
    pages_with_more_ += more != nullptr && more->truth ? 1 : 0;
    for (size_t i = 0; i < data->items.size(); ++i) {
      RETURN_IF_ERROR(ReadItem(absl::StrCat("Bucket ", i + 1, " of ", where), data->items[i]));
    }
    return absl::OkStatus();
  }
  return FirstOf(item, {"results", "result"}).second != nullptr ? ReadBucket(where, item)
                                                                : ReadRow(where, item);
}

absl::Status ExportReader::ReadBucket(const std::string& where, const JsonValue& bucket) {
  const auto [start_field, start] = FirstOf(bucket, {"starting_at", "start_time"});
  const auto [end_field, end] = FirstOf(bucket, {"ending_at", "end_time"});
  TimeRange time;
  ASSIGN_OR_RETURN(time.start_us, ReadInstant(where, start_field, start));
  ASSIGN_OR_RETURN(time.end_us, ReadInstant(where, end_field, end));
  if (time.empty() || time.end_us - time.start_us > kMicrosPerDay ||
      DayOf(time.start_us) != DayOf(time.end_us - 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, " is not within a day of UTC; export it with buckets of 1m, 1h or 1d."));
  }
  const JsonValue& results = *FirstOf(bucket, {"results", "result"}).second;
  if (wanted_.Contains(time.start_us)) {
    export_.covers.start_us = std::min(export_.covers.start_us, time.start_us);
    export_.covers.end_us = std::max(export_.covers.end_us, time.end_us);
  }
  for (size_t i = 0; i < results.items.size(); ++i) {
    const std::string row_where = absl::StrCat("Result ", i + 1, " of ", where);
    const JsonValue& row = results.items[i];
    RETURN_IF_ERROR(Detect(row_where, row));
    ASSIGN_OR_RETURN(const ExportRow read, ReadExportRow(format_, row_where, row));
    const std::string identity =
        absl::StrCat(time.start_us, " ", time.end_us, " ", IdentityOf(row));
    RETURN_IF_ERROR(Count(row_where, time, read.model, identity, read.figures));
  }
  return absl::OkStatus();
}

absl::Status ExportReader::ReadRow(const std::string& where, const JsonValue& row) {
  RETURN_IF_ERROR(Detect(where, row));
  if (format_ != ExportFormat::kLiteLlmSpend) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, " is neither a page with \"data\" nor a bucket with \"results\"; export ",
        ExportFormatName(format_), " again."));
  }
  ASSIGN_OR_RETURN(const ExportRow read, ReadExportRow(format_, where, row));
  const auto [field, at] = FirstOf(row, {"endTime", "startTime"});
  ASSIGN_OR_RETURN(const int64_t time_us, ReadInstant(where, field, at));
  if (row.Find("request_id") == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no \"request_id\", which has to be there."));
  }
  const int64_t start_us = DayStartUs(DayOf(time_us));
  if (wanted_.Contains(time_us)) {
    export_.covers.start_us = std::min(export_.covers.start_us, start_us);
    export_.covers.end_us = std::max(export_.covers.end_us, start_us + kMicrosPerDay);
  }
  return Count(where, {.start_us = time_us, .end_us = time_us + 1}, read.model, IdentityOf(row),
               read.figures);
}

absl::Status ExportReader::Detect(const std::string& where, const JsonValue& row) {
  const ExportFormat found = DetectFormat(row);
  if (format_ == ExportFormat::kAuto) {
    if (found == ExportFormat::kAuto) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, " is of no form of export known here; name one with --format."));
    }
    format_ = found;
  } else if (found != ExportFormat::kAuto && found != format_) {
    return absl::InvalidArgumentError(absl::StrCat(where, " is ", ExportFormatName(found),
                                                   " and not ", ExportFormatName(format_),
                                                   "; give files of one form."));
  }
  return absl::OkStatus();
}

absl::Status ExportReader::Count(const std::string& where, TimeRange time, const std::string& model,
                                 const std::string& identity, const UsageFigures& figures) {
  if (!wanted_.Contains(time.start_us)) {
    return absl::OkStatus();
  }
  const auto [known, is_new] = seen_.try_emplace(identity, figures);
  if (is_new) {
    count_sum_ += Picos(figures.calls.value_or(0)) + figures.tokens.value_or(0);
    const Picos cost = figures.cost.value_or(0);
    cost_sum_ += cost < 0 ? -cost : cost;
    if (count_sum_ > kCountSumMax || cost_sum_ > kCostSumMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          where, " takes the sum out of range; an export has at most 2^53 tokens and 10^12 USD."));
    }
    export_.rows[{DayOf(time.start_us), model}].Add(figures);
    return absl::OkStatus();
  }
  ++export_.repeated_rows;
  const UsageFigures& before = known->second;
  if (before.calls == figures.calls && before.tokens == figures.tokens &&
      before.cost == figures.cost) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      where, " gives other figures than a row before it for the same thing; leave one out."));
}

absl::StatusOr<UsageExport> ExportReader::Finish() {
  if (export_.covers.empty()) {
    return absl::InvalidArgumentError(
        "The export has no row in this time; name another with --from and --to.");
  }
  if (format_ == ExportFormat::kAuto) {
    return absl::InvalidArgumentError(
        "The export has no row that tells its form; name it with --format.");
  }
  export_.format = format_;
  export_.covers.start_us = std::max(export_.covers.start_us, wanted_.start_us);
  export_.covers.end_us = std::min(export_.covers.end_us, wanted_.end_us);
  export_.is_unfinished = pages_ > 0 && pages_with_more_ == pages_;
  return std::move(export_);
}

}  // namespace itemized::client
