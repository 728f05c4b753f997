// SPDX-License-Identifier: Apache-2.0
#pragma once

// What providers say that was used and what it cost: this folder reads their exports, and compares
// them with what was traced. It uses client/rates for JSON and for the names of models.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "client/rates/json.h"
#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized::client {

enum class ExportFormat {
  kAuto,            // The content tells which one it is.
  kAnthropicUsage,  // GET /v1/organizations/usage_report/messages.
  kAnthropicCost,   // GET /v1/organizations/cost_report, whose amounts are in cents.
  kOpenAiUsage,     // GET /v1/organization/usage/completions.
  kOpenAiCosts,     // GET /v1/organization/costs.
  kLiteLlmSpend,    // Rows of LiteLLM's SpendLogs.
};

// Reads "auto", "anthropic-usage" and so on. Errors: INVALID_ARGUMENT.
absl::StatusOr<ExportFormat> ParseExportFormat(absl::string_view name);

// Returns the name that ParseExportFormat reads.
absl::string_view ExportFormatName(ExportFormat format);

// Returns whose bill an export is part of: "anthropic", "openai", or "" if it may be anybody's.
absl::string_view ProviderOf(ExportFormat format);

// What one side knows of a model and day. What a form of export does not tell is absent.
struct UsageFigures {
  std::optional<int64_t> calls;
  std::optional<int64_t> tokens;  // All that went in, from a cache or not, and all that came out.
  std::optional<Picos> cost;

  void Add(const UsageFigures& other);
};

using DayAndModel = std::pair<Day, std::string>;

struct UsageExport {
  ExportFormat format = ExportFormat::kAuto;
  TimeRange covers;  // What its rows are about.
  std::map<DayAndModel, UsageFigures> rows;
  int64_t repeated_rows = 0;   // Rows that were there again, and were counted once.
  bool is_unfinished = false;  // Each of its pages says that there are more.
};

// Reads an export from its files, each a page, an array or lines of pages, or rows of calls. Not
// thread-safe.
class ExportReader {
 public:
  // Only what begins in `wanted` counts.
  ExportReader(ExportFormat format, TimeRange wanted);

  // Reads a file. INVALID_ARGUMENT, with a sentence that names `name` and the place, if it cannot
  // be read, is of another form than the ones before, or gives two figures for the same thing.
  absl::Status Read(const std::string& name, absl::string_view content);

  // Returns what was read. INVALID_ARGUMENT if there is no row in it.
  absl::StatusOr<UsageExport> Finish();

 private:
  absl::Status ReadLines(const std::string& name, absl::string_view content);
  absl::Status ReadDocument(const std::string& where, const JsonValue& document);
  absl::Status ReadBucket(const std::string& where, const JsonValue& bucket);
  absl::Status ReadRow(const std::string& where, const JsonValue& row);
  absl::Status ReadItem(const std::string& where, const JsonValue& item);
  absl::Status Detect(const std::string& where, const JsonValue& row);
  absl::Status Count(const std::string& where, TimeRange time, const std::string& model,
                     const std::string& identity, const UsageFigures& figures);

  ExportFormat format_;
  const TimeRange wanted_;
  UsageExport export_;
  std::map<std::string, UsageFigures> seen_;  // What each row says, by what it is about.
  Picos count_sum_ = 0;                       // All calls and tokens so far.
  Picos cost_sum_ = 0;                        // All amounts so far, without their signs.
  int64_t pages_ = 0;
  int64_t pages_with_more_ = 0;
};

}  // namespace itemized::client
