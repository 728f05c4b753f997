// SPDX-License-Identifier: Apache-2.0
#include "client/rates/prices.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/usage_fields.h"

#include "storage/base/check.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/rate.h"

namespace itemized::client {
namespace {

constexpr int kPicoDigits = 12;
constexpr int kFineDigits = 12;  // Digits below a pico-dollar that rounding looks at.
constexpr size_t kNamesShownMax = 8;

// The field of v1.Prices with that name, or null.
const PriceField* FindField(absl::string_view name) {
  for (const PriceField& field : kPriceFields) {
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

Picos PowerOfTen(int exponent) {
  Picos power = 1;
  for (; exponent > 0; --exponent) {
    power *= 10;
  }
  return power;
}

absl::StatusOr<Price> ParsePrice(absl::string_view text, int decimals) {
  if (const absl::StatusOr<Picos> exact = ParseDecimal(text, decimals); exact.ok()) {
    return Price{*exact, false};
  }
  ASSIGN_OR_RETURN(const Picos fine, ParseDecimal(text, decimals + kFineDigits));
  return Price{DivideRounded(fine, PowerOfTen(kFineDigits)), true};
}

// Returns whether a decimal number is another one than 0.
bool HasDigits(absl::string_view number) {
  return number.substr(0, number.find_first_of("eE")).find_first_of("123456789") !=
         absl::string_view::npos;
}

// Does what ScaleTokenPrices does for one set of prices, and adds to `rounded`.
bool Scale(Picos factor, v1::Prices* prices, int64_t* rounded) {
  for (const PriceField& field : kPriceFields) {
    const std::string& usd = (prices->*field.get)();
    if (usd.empty() || field.units == UnitsPriced(UsageKind::kRequests)) {
      continue;
    }
    const absl::StatusOr<Picos> picos = ParseDecimal(usd, field.decimals);
    CHECK(picos.ok());  // SetPrice wrote it.
    const Picos product = *picos * factor;
    const Picos scaled = DivideRounded(product, kFactorUnit);
    if (scaled > kPriceMaxPicos || (scaled == 0 && *picos != 0)) {
      return false;
    }
    *rounded += product % kFactorUnit == 0 ? 0 : 1;
    SetPrice(field.name, scaled, prices);
  }
  return true;
}

}  // namespace

absl::StatusOr<Price> ReadPrice(const JsonValue& value, PricedUnits units) {
  if (value.kind != JsonValue::Kind::kNumber && !value.is_string()) {
    return absl::InvalidArgumentError("is not a price; give a number in USD");
  }
  const absl::StatusOr<Price> price = ParsePrice(value.text, kPicoDigits - static_cast<int>(units));
  if (!price.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(value.text),
                     "; give a decimal number in USD with at most 24 digits after the point"));
  }
  if (price->picos < 0 || price->picos > kPriceMaxPicos) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", Quoted(value.text), "; a price must be from 0 to ",
                     FormatUsd(kPriceMaxPicos * PowerOfTen(static_cast<int>(units)))));
  }
  if (price->picos == 0 && HasDigits(value.text)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is ", Quoted(value.text),
        ", finer than 10^-12 USD a unit, so it would be taken for 0; give 0 if it is free"));
  }
  return price;
}

PricedUnits UnitsOfField(absl::string_view field) {
  const PriceField* found = FindField(field);
  return found != nullptr && found->units == 1'000 ? PricedUnits::kThousand : PricedUnits::kMillion;
}

void SetPrice(absl::string_view field, Picos picos, v1::Prices* prices) {
  const PriceField* found = FindField(field);
  CHECK(found != nullptr);
  *(prices->*found->mutate)() = FormatUsd(picos * found->units);
}

bool IsPriceField(absl::string_view name) {
  return FindField(name) != nullptr;
}

bool HasPrice(const v1::Prices& prices) {
  return prices.ByteSizeLong() > 0;
}

bool IsFree(const v1::Prices& prices) {
  return std::all_of(kPriceFields.begin(), kPriceFields.end(), [&](const PriceField& field) {
    const std::string& usd = (prices.*field.get)();
    const absl::StatusOr<Picos> picos = ParseDecimal(usd, field.decimals);
    return usd.empty() || (picos.ok() && *picos == 0);
  });
}

std::optional<int64_t> ScaleTokenPrices(Picos factor, v1::Rate* rate) {
  int64_t rounded = 0;
  bool fits = Scale(factor, rate->mutable_prices(), &rounded);
  for (v1::RateTier& tier : *rate->mutable_tiers()) {
    fits = fits && Scale(factor, tier.mutable_prices(), &rounded);
  }
  return fits ? std::optional(rounded) : std::nullopt;
}

void TierSet::Set(int64_t input_tokens_over, absl::string_view field, Picos picos) {
  SetPrice(field, picos, &tiers_[input_tokens_over]);
}

void TierSet::Finish(v1::Rate* rate) const {
  v1::Prices holding;
  for (const auto& [input_tokens_over, prices] : tiers_) {
    holding.MergeFrom(prices);
    v1::RateTier* tier = rate->add_tiers();
    tier->set_input_tokens_over(input_tokens_over);
    *tier->mutable_prices() = holding;
  }
}

std::string Counted(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

int64_t Tally::total() const {
  int64_t total = 0;
  for (const auto& [name, count] : counts_) {
    total += count;
  }
  return total;
}

std::string Tally::ToString() const {
  std::vector<std::pair<std::string, int64_t>> names(counts_.begin(), counts_.end());
  std::stable_sort(names.begin(), names.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamesShownMax); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", names[i].first, " (", names[i].second, ")");
  }
  if (names.size() > kNamesShownMax) {
    absl::StrAppend(&text, " and ", names.size() - kNamesShownMax, " more");
  }
  return text;
}

}  // namespace itemized::client
