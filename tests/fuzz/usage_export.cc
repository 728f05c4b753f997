// SPDX-License-Identifier: Apache-2.0
// Exports of usage and cost. The first byte of an input says as which form the rest is read.

#include "client/reconcile/usage_export.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "client/reconcile/compare.h"
#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

using client::ExportFormat;

constexpr char kAnthropic[] =
    R"({"data":[{"starting_at":"2026-11-01T00:00:00Z","ending_at":"2026-11-02T00:00:00Z",)"
    R"("results":[{"uncached_input_tokens":1,"cache_read_input_tokens":2,"output_tokens":3,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":4},"model":"claude-x-20260101"}]}],)"
    R"("has_more":true})";
constexpr char kCost[] =
    R"([{"starting_at":"2026-11-01","ending_at":"2026-11-02","results":[{"currency":"USD",)"
    R"("amount":"12.5","model":"m","cost_type":"tokens"},{"amount":"1","cost_type":"x"}]}])";
constexpr char kOpenAi[] =
    R"({"data":[{"start_time":1793491200,"end_time":1793494800,"results":[{"input_tokens":1,)"
    R"("output_tokens":2,"num_model_requests":3,"model":"gpt-5"}]}]})";
constexpr char kCosts[] =
    R"({"start_time":1793491200,"end_time":1793494800,"results":[{"amount":{"value":0.06,)"
    R"("currency":"usd"},"line_item":"gpt-5, input"}]})";
constexpr char kSpend[] =
    R"({"request_id":"r","spend":1e-5,"prompt_tokens":1,"completion_tokens":2,)"
    R"("startTime":"2026-11-01 00:00:00","endTime":"2026-11-01T00:00:00.5Z","model":"a/m"})";

ExportFormat FormatOf(char selector) {
  return static_cast<ExportFormat>(static_cast<unsigned char>(selector) % 6);
}

// Whatever was read is within what it covers, and agrees with itself.
void CheckRead(const client::UsageExport& read) {
  client::TracedRows traced;
  for (const auto& [key, figures] : read.rows) {
    CHECK(DayOf(read.covers.start_us) - key.first <= 0);
    CHECK(key.first - DayOf(read.covers.end_us) <= 0);
    CHECK(figures.tokens.value_or(0) >= 0);
    traced[key] = {.calls = figures.calls.value_or(0),
                   .unpriced_calls = 0,
                   .tokens = figures.tokens.value_or(0),
                   .cost = figures.cost.value_or(0)};
  }
  CHECK(client::Compare(read, traced, "", 0).is_within());
}

}  // namespace

std::vector<std::string> Seeds() {
  return {absl::StrCat("0", kAnthropic), absl::StrCat("0", kCost), absl::StrCat("0", kOpenAi),
          absl::StrCat("0", kCosts), absl::StrCat("0", kSpend, "\n", kSpend, "\n")};
}

bool Accepts(absl::string_view input) {
  client::ExportReader reader(FormatOf(input.empty() ? '0' : input[0]),
                              {.start_us = kTimeMinUs, .end_us = kTimeMaxUs});
  const absl::Status status = reader.Read("x", input.substr(std::min<size_t>(1, input.size())));
  const absl::StatusOr<client::UsageExport> read =
      status.ok() ? reader.Finish() : absl::StatusOr<client::UsageExport>(status);
  if (!read.ok()) {
    CHECK(read.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(!read.status().message().empty());
    return false;
  }
  CheckRead(*read);
  return true;
}

}  // namespace itemized::fuzz
