// SPDX-License-Identifier: Apache-2.0
#include "client/demo/list_prices.h"

#include <string>
#include <utility>

#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::demo {
namespace {

constexpr int kPerMillion = 6;   // USD per million units, in pico-dollars a unit.
constexpr int kPerThousand = 9;  // USD per thousand units.

ModelMatch MatchOf(const v1::ModelMatch& match);

ModelMatch Combination(ModelMatch::Kind kind, const v1::ModelMatch::List& list) {
  ModelMatch combined{.kind = kind, .text = {}, .parts = {}};
  for (const v1::ModelMatch& part : list.matches()) {
    combined.parts.push_back(MatchOf(part));
  }
  return combined;
}

ModelMatch Leaf(ModelMatch::Kind kind, const std::string& text) {
  return {.kind = kind, .text = text, .parts = {}};
}

ModelMatch MatchOf(const v1::ModelMatch& match) {
  switch (match.match_case()) {
    case v1::ModelMatch::kEquals:
      return Leaf(ModelMatch::Kind::kEquals, match.equals());
    case v1::ModelMatch::kStartsWith:
      return Leaf(ModelMatch::Kind::kStartsWith, match.starts_with());
    case v1::ModelMatch::kEndsWith:
      return Leaf(ModelMatch::Kind::kEndsWith, match.ends_with());
    case v1::ModelMatch::kContains:
      return Leaf(ModelMatch::Kind::kContains, match.contains());
    case v1::ModelMatch::kRegex:
      return Leaf(ModelMatch::Kind::kRegex, match.regex());
    case v1::ModelMatch::kAnyOf:
      return Combination(ModelMatch::Kind::kAnyOf, match.any_of());
    case v1::ModelMatch::kAllOf:
      return Combination(ModelMatch::Kind::kAllOf, match.all_of());
    case v1::ModelMatch::MATCH_NOT_SET:
      break;
  }
  return {};
}

absl::StatusOr<Prices> PricesOf(const v1::Prices& given) {
  Prices prices{};
  const auto set = [&](size_t place, const std::string& usd, int decimals) -> absl::Status {
    if (!usd.empty()) {
      ASSIGN_OR_RETURN(const Picos picos, ParseDecimal(usd, decimals));
      prices[place] = static_cast<int64_t>(picos);
    }
    return absl::OkStatus();
  };
  const auto set_class = [&](UsageClass usage_class, const std::string& usd) {
    const bool searches = usage_class == UsageClass::kWebSearches;
    return set(static_cast<size_t>(usage_class), usd, searches ? kPerThousand : kPerMillion);
  };
  RETURN_IF_ERROR(set_class(UsageClass::kInput, given.input()));
  RETURN_IF_ERROR(set_class(UsageClass::kCacheRead, given.cache_read()));
  RETURN_IF_ERROR(set_class(UsageClass::kCacheWrite5m, given.cache_write_5m()));
  RETURN_IF_ERROR(set_class(UsageClass::kCacheWrite1h, given.cache_write_1h()));
  RETURN_IF_ERROR(set_class(UsageClass::kOutput, given.output()));
  RETURN_IF_ERROR(set_class(UsageClass::kReasoning, given.reasoning()));
  RETURN_IF_ERROR(set_class(UsageClass::kInputAudio, given.input_audio()));
  RETURN_IF_ERROR(set_class(UsageClass::kCacheReadAudio, given.cache_read_audio()));
  RETURN_IF_ERROR(set_class(UsageClass::kOutputAudio, given.output_audio()));
  RETURN_IF_ERROR(set_class(UsageClass::kInputImage, given.input_image()));
  RETURN_IF_ERROR(set_class(UsageClass::kOutputImage, given.output_image()));
  RETURN_IF_ERROR(set_class(UsageClass::kWebSearches, given.web_search()));
  RETURN_IF_ERROR(set(kRequestPrice, given.request(), kPerThousand));
  return prices;
}

absl::StatusOr<Rate> RateOf(const v1::Rate& given) {
  Rate rate;
  rate.provider = given.provider();
  rate.match = MatchOf(given.match());
  rate.effective_from_us = given.effective_from_unix_us();
  ASSIGN_OR_RETURN(rate.prices, PricesOf(given.prices()));
  for (const v1::RateTier& tier : given.tiers()) {
    ASSIGN_OR_RETURN(Prices prices, PricesOf(tier.prices()));
    rate.tiers.push_back({.input_tokens_over = tier.input_tokens_over(), .prices = prices});
  }
  rate.source = given.source();
  return rate;
}

}  // namespace

absl::StatusOr<RateBook> BookOf(absl::Span<const v1::Rate> rates) {
  RateBook book;
  for (const v1::Rate& given : rates) {
    ASSIGN_OR_RETURN(Rate rate, RateOf(given));
    RETURN_IF_ERROR(book.Set(std::move(rate)).status());
  }
  return book;
}

}  // namespace itemized::demo
