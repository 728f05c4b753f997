// SPDX-License-Identifier: Apache-2.0
// What can be put into a rate book.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"
#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

absl::Status ValidatePrices(const Prices& prices, absl::string_view where) {
  bool any = false;
  for (const std::optional<int64_t>& price : prices) {
    any = any || price.has_value();
    if (price && (*price < 0 || *price > kPriceMaxPicos)) {
      return absl::InvalidArgumentError(absl::StrCat("A price ", where, " is ", FormatUsd(*price),
                                                     " USD a unit; it must be from 0 to ",
                                                     FormatUsd(kPriceMaxPicos), "."));
    }
  }
  if (!any) {
    return absl::InvalidArgumentError(
        absl::StrCat("There is no price ", where, "; set at least one, 0 if it is free."));
  }
  return absl::OkStatus();
}

absl::Status ValidateTiers(const std::vector<RateTier>& tiers) {
  if (tiers.size() > kTiersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("There are ", tiers.size(), " tiers; give at most ", kTiersMax, "."));
  }
  int64_t last = -1;
  for (const RateTier& tier : tiers) {
    if (tier.input_tokens_over <= last) {
      return absl::InvalidArgumentError(
          absl::StrCat("The input_tokens_over of a tier is ", tier.input_tokens_over,
                       "; it must not be negative and must rise from tier to tier."));
    }
    last = tier.input_tokens_over;
    RETURN_IF_ERROR(
        ValidatePrices(tier.prices, absl::StrCat("in the tier over ", last, " input tokens")));
  }
  return absl::OkStatus();
}

absl::Status ValidateLength(absl::string_view text, size_t max, absl::string_view what) {
  if (text.size() > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("The ", what, " has ", text.size(), " bytes; give at most ", max, "."));
  }
  return absl::OkStatus();
}

absl::Status ValidateInstant(int64_t effective_from_us) {
  if (effective_from_us < kTimeMinUs || effective_from_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The effective instant ", effective_from_us,
        " is out of range; give microseconds since 1970-01-01 UTC, before the year 2200."));
  }
  return absl::OkStatus();
}

absl::Status ValidateHours(const HoursOfDay& hours) {
  constexpr int32_t kSecondsPerDay = 24 * 60 * 60;
  for (const int32_t second : {hours.from_s, hours.to_s}) {
    if (second < 0 || second >= kSecondsPerDay) {
      return absl::InvalidArgumentError(absl::StrCat("The hours of the day reach to second ",
                                                     second, "; give seconds from 0 to ",
                                                     kSecondsPerDay - 1, ", and 0 for midnight."));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateAttribute(const Rate& rate) {
  if (rate.attribute_key.empty() != rate.attribute_value.empty()) {
    return absl::InvalidArgumentError(
        "The attribute of the rate has a key or a value alone; give both, or neither.");
  }
  if (absl::StartsWith(rate.attribute_key, kReservedAttributePrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The attribute ", Quoted(rate.attribute_key),
                     " is the server's own; name a service tier or a region as such."));
  }
  RETURN_IF_ERROR(ValidateLength(rate.attribute_key, kNameBytesMax, "key of the attribute"));
  return ValidateLength(rate.attribute_value, kNameBytesMax, "value of the attribute");
}

absl::Status ValidateCurrency(const std::string& currency) {
  const bool is_code =
      currency.size() == 3 &&
      std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_code || currency == "USD") {
    return absl::InvalidArgumentError(absl::StrCat(
        "The currency ", Quoted(currency),
        " is none of ISO 4217 other than USD; give one such as EUR, or leave it out for USD."));
  }
  return absl::OkStatus();
}

absl::Status ValidateMultiplier(const Rate& rate) {
  if (rate.multiplier_ppm < 1 || rate.multiplier_ppm > kMultiplierMaxPpm) {
    return absl::InvalidArgumentError(
        absl::StrCat("The multiplier is ", FormatUsd(Picos{rate.multiplier_ppm} * 1'000'000),
                     "; give one from 0.000001 to ", kMultiplierMaxPpm / kPpm,
                     ", or prices of 0 for what is free."));
  }
  if (rate.prices != Prices() || !rate.tiers.empty() || !rate.currency.empty()) {
    return absl::InvalidArgumentError(
        "The rate has a multiplier and prices, tiers or a currency; give one or the other.");
  }
  return absl::OkStatus();
}

// An exchange rate is the price of a unit of the currency that it matches, and nothing else.
absl::Status ValidateExchange(const Rate& rate) {
  Prices others = rate.prices;
  others[kRequestPrice].reset();
  const bool is_plain = rate.match.kind == ModelMatch::Kind::kEquals && rate.tiers.empty() &&
                        others == Prices() && rate.multiplier_ppm == 0 && rate.currency.empty() &&
                        rate.hours.is_whole_day() && rate.service_tier.empty() &&
                        rate.region.empty() && rate.attribute_key.empty();
  if (!is_plain) {
    return absl::InvalidArgumentError(
        "The rate is of the provider that stands for exchange rates; set those as such.");
  }
  RETURN_IF_ERROR(ValidateCurrency(rate.match.text));
  const int64_t price = rate.prices[kRequestPrice].value_or(0);
  if (price < 1 || price > kPriceMaxPicos) {
    return absl::InvalidArgumentError(absl::StrCat("The exchange rate is ", FormatUsd(price),
                                                   " USD for a unit; give one above 0 and up to ",
                                                   FormatUsd(kPriceMaxPicos), "."));
  }
  return absl::OkStatus();
}

absl::Status ValidateParts(const Rate& rate) {
  RETURN_IF_ERROR(ValidateLength(rate.provider, kNameBytesMax, "provider"));
  RETURN_IF_ERROR(ValidateLength(rate.source, kSourceBytesMax, "source"));
  RETURN_IF_ERROR(ValidateLength(rate.note, kSourceBytesMax, "note"));
  RETURN_IF_ERROR(ValidateInstant(rate.effective_from_us));
  RETURN_IF_ERROR(ValidateHours(rate.hours));
  RETURN_IF_ERROR(ValidateLength(rate.service_tier, kNameBytesMax, "service tier"));
  RETURN_IF_ERROR(ValidateLength(rate.region, kNameBytesMax, "region"));
  RETURN_IF_ERROR(ValidateAttribute(rate));
  if (rate.is_exchange()) {
    return ValidateExchange(rate);
  }
  if (!rate.currency.empty()) {
    RETURN_IF_ERROR(ValidateCurrency(rate.currency));
  }
  if (rate.multiplier_ppm != 0) {
    return ValidateMultiplier(rate);
  }
  RETURN_IF_ERROR(ValidatePrices(rate.prices, "outside the tiers"));
  return ValidateTiers(rate.tiers);
}

}  // namespace

absl::Status CheckEffort(const CompiledMatch::Effort& effort) {
  if (effort.leaves > kMatchLeavesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("The names and patterns of all rates of the book together would be over ",
                     kMatchLeavesMax, "; set fewer rates."));
  }
  if (effort.searches > kMatchSearchesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("Over ", kMatchSearchesMax,
                     " texts and regular expressions of the book would be searched for anywhere in "
                     "a name; use equals, starts_with or ends_with."));
  }
  if (effort.instructions > kMatchInstructionsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The regular expressions of the book together would have over ", kMatchInstructionsMax,
        " instructions; write simpler ones, or use equals, starts_with or ends_with."));
  }
  return absl::OkStatus();
}

absl::Status ValidateRate(const Rate& rate) {
  RETURN_IF_ERROR(rate.match.Validate());
  RETURN_IF_ERROR(ValidateParts(rate));
  // A rate that even an empty book has no room for is refused at once.
  return CheckEffort(CompiledMatch(rate.match).effort());
}

}  // namespace itemized
