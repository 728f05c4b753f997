// SPDX-License-Identifier: Apache-2.0
#include "client/rates/to_rate.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/usage_fields.h"

#include "client/rates/describe_match.h"
#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/served_as.h"

namespace itemized::client {
namespace {

constexpr int kMultiplierDecimals = 6;  // A rate has it in parts per million.

// Prices of storage are in the order of the fields.
static_assert(kPriceFields.size() == kPriceCount && kRequestPrice == kUsageClassCount);

absl::StatusOr<Prices> ToPrices(const v1::Prices& from) {
  Prices prices{};
  for (size_t i = 0; i < kPriceCount; ++i) {
    const std::string& usd = (from.*kPriceFields[i].get)();
    if (usd.empty()) {
      continue;
    }
    const absl::StatusOr<Picos> picos = ParseDecimal(usd, kPriceFields[i].decimals);
    if (!picos.ok() || *picos < 0 || *picos > kPriceMaxPicos) {
      return absl::InvalidArgumentError(
          absl::StrCat("The price ", kPriceFields[i].name, " is ", Quoted(usd),
                       "; give a decimal number in USD from 0 up, with at most ",
                       kPriceFields[i].decimals, " digits after the point."));
    }
    prices[i] = static_cast<int64_t>(*picos);
  }
  return prices;
}

}  // namespace

absl::StatusOr<Rate> ToRate(const v1::Rate& from) {
  Rate rate;
  rate.provider = from.provider();
  rate.match = ToModelMatch(from.match());
  rate.effective_from_us = from.effective_from_unix_us();
  rate.hours = {.from_s = from.hours().from_second(), .to_s = from.hours().to_second()};
  rate.service_tier = std::string(CanonicalServiceTier(from.service_tier()));
  rate.region = std::string(CanonicalRegion(from.region()));
  rate.origin = from.origin() == v1::RATE_ORIGIN_BUNDLED ? RateOrigin::kBundled : RateOrigin::kUser;
  rate.source = from.source();
  rate.attribute_key = from.attribute_key();
  rate.attribute_value = from.attribute_value();
  rate.currency = from.currency();
  rate.note = from.note();
  if (!from.multiplier().empty()) {
    const absl::StatusOr<Picos> ppm = ParseDecimal(from.multiplier(), kMultiplierDecimals);
    if (!ppm.ok() || *ppm <= 0 || *ppm > kPriceMaxPicos) {
      return absl::InvalidArgumentError(
          absl::StrCat("The multiplier is ", Quoted(from.multiplier()),
                       "; give a decimal number above 0 with at most six digits after the point."));
    }
    rate.multiplier_ppm = static_cast<int64_t>(*ppm);
  }
  ASSIGN_OR_RETURN(rate.prices, ToPrices(from.prices()));
  for (const v1::RateTier& tier : from.tiers()) {
    RateTier& added = rate.tiers.emplace_back();
    added.input_tokens_over = tier.input_tokens_over();
    ASSIGN_OR_RETURN(added.prices, ToPrices(tier.prices()));
  }
  return rate;
}

}  // namespace itemized::client
