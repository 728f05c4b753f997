// SPDX-License-Identifier: Apache-2.0
#include "client/demo/list_prices.h"

#include <string>
#include <utility>

#include "proto/usage_fields.h"

#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::demo {
namespace {

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
  for (size_t i = 0; i < kPriceCount; ++i) {
    const std::string& usd = (given.*kPriceFields[i].get)();
    if (!usd.empty()) {
      ASSIGN_OR_RETURN(const Picos picos, ParseDecimal(usd, kPriceFields[i].decimals));
      prices[i] = static_cast<int64_t>(picos);
    }
  }
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
