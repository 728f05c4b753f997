// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/reported_cost.h"

#include <string>

#include "absl/status/statusor.h"

namespace itemized {
namespace {

constexpr int kPicoDecimals = 12;
// More than anybody was ever charged: 10^21 USD. Sums of a report's costs stay within 128 bits.
const Picos kCostMax = Picos{1'000'000'000} * kPicosPerUsd * kPicosPerUsd;

Picos PowerOfTen(int exponent) {
  Picos power = 1;
  for (int i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

// Returns the decimal `text` times 10^`decimals`. Shortest forms of doubles have 17 digits, so
// that further places are tried where those wanted are too few.
std::optional<Picos> ScaledDecimal(absl::string_view text, int decimals) {
  for (const int further : {0, 14, 26}) {
    if (const absl::StatusOr<Picos> scaled = ParseDecimal(text, decimals + further); scaled.ok()) {
      return DivideRounded(*scaled, PowerOfTen(further));
    }
  }
  return std::nullopt;
}

std::optional<Picos> ParseAmount(absl::string_view text, int scale) {
  const std::optional<Picos> amount = ScaledDecimal(text, kPicoDecimals + scale);
  const bool fits = amount.has_value() && *amount >= 0 && *amount < kCostMax;
  return fits ? amount : std::nullopt;
}

std::optional<Picos> Amount(const JsonValue& value, int scale) {
  if (!value.is_number() && !value.is_text()) {
    return std::nullopt;
  }
  return ParseAmount(value.is_text() ? std::string(value.text) : Shown(value), scale);
}

}  // namespace

std::optional<Picos> ParseReportedCost(absl::string_view text) {
  return ParseAmount(text, 0);
}

std::optional<Picos> ReportedCost(const std::vector<Rule>& rules, const RuleContext& context) {
  for (const Rule& rule : rules) {
    if (const std::optional<Picos> amount = Amount(rule.Find(context), rule.scale())) {
      return *amount + Amount(rule.FindMore(context), rule.scale()).value_or(0);
    }
  }
  return std::nullopt;
}

}  // namespace itemized
