// SPDX-License-Identifier: Apache-2.0
// Price files. The first byte of an input says as which form the rest is read.

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "itemized/v1/rates.pb.h"

#include "client/rates/describe_match.h"
#include "client/rates/import.h"
#include "server/convert/rates.h"
#include "storage/base/check.h"
#include "storage/pricing/rate_book.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

using client::RateFormat;

constexpr char kSimple[] =
    R"({"usd_per_million_tokens":{"gpt-5*":{"input":1.25,"cached_input":0.125,"output":"10",)"
    R"("web_search":10,"request":0,"provider":"openai","source":"list",)"
    R"("tiers":[{"input_tokens_over":200000,"input":2.5}]},)"
    R"("o3":[{"input":2,"effective_from":"2025-06-10"},{"input":10}]},"note":"x","source":"y"})";
constexpr char kLiteLlm[] =
    R"({"sample_spec":{},"xai/grok-4":{"litellm_provider":"xai","mode":"chat",)"
    R"("input_cost_per_token":3e-06,"input_cost_per_token_above_128k_tokens":6e-06,)"
    R"("output_cost_per_token":1.5e-05,"input_cost_per_token_batches":1e-6,)"
    R"("input_cost_per_token_priority":1e-6,"output_cost_per_token_flex":1e-6,)"
    R"("search_context_cost_per_query":{"search_context_size_medium":0.01},)"
    R"("tiered_pricing":[{"range":[0,32000],"input_cost_per_token":1e-07}]},)"
    R"("img":{"mode":"image_generation"},"b":{"cache_read_input_token_cost":"1e-07",)"
    R"("provider_specific_entry":{"us":1.1,"fast":6},"regional_processing_uplift_multiplier_eu":1.1,)"
    R"("input_cost_per_token_above_200k_tokens_priority":2e-6,)"
    R"("off_peak_pricing":{"hours_utc":["16:30-00:30"],"input_cost_per_token":1e-7}}})";
constexpr char kGenaiPrices[] =
    R"([{"id":"openai","models":[{"id":"gpt-5","match":{"or":[{"equals":"gpt-5"},)"
    R"({"and":[{"starts_with":"gpt-5-"},{"regex":"^x"},{"contains":"c"},{"ends_with":"d"}]}]},)"
    R"("prices":[{"prices":{"input_mtok":{"base":1.25,"tiers":[{"start":200000,"price":2.5}]},)"
    R"("output_mtok":10}},{"constraint":{"start_date":"2025-08-01"},)"
    R"("prices":{"input_mtok":1,"requests_kcount":12}}]}]}])";

RateFormat FormatOf(char selector) {
  constexpr RateFormat kFormats[] = {RateFormat::kAuto, RateFormat::kSimple, RateFormat::kLiteLlm,
                                     RateFormat::kGenaiPrices};
  return kFormats[static_cast<unsigned char>(selector) % 4];
}

// The server understands what the reader hands on. It may still refuse a rate.
void CheckSent(const client::RateImport& import) {
  v1::SetRatesRequest request;
  for (const v1::Rate& rate : import.rates) {
    *request.add_rates() = rate;
    CHECK(!client::DescribeMatch(rate.match()).empty());
  }
  v1::SetRatesRequest received;
  CHECK(received.ParseFromString(request.SerializeAsString()));
  const auto rates = server::ToRates(received);
  CHECK(rates.ok());
  for (const Rate& rate : *rates) {
    const absl::Status status = ValidateRate(rate);
    CHECK(status.ok() || !status.message().empty());
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  return {absl::StrCat("0", kSimple), absl::StrCat("1", kSimple), absl::StrCat("2", kLiteLlm),
          absl::StrCat("3", kGenaiPrices)};
}

bool Accepts(absl::string_view input) {
  client::RateImportOptions options;
  options.format = FormatOf(input.empty() ? '0' : input[0]);
  const absl::StatusOr<client::RateImport> import =
      client::ParseRateFile(input.substr(std::min<size_t>(1, input.size())), options);
  if (!import.ok()) {
    CHECK(import.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(!import.status().message().empty());
    return false;
  }
  CheckSent(*import);
  return true;
}

}  // namespace itemized::fuzz
