// SPDX-License-Identifier: Apache-2.0
#include "server/convert/rates.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/usage_fields.h"

#include "server/convert/model_match.h"
#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Prices of storage are in the order of the fields.
static_assert(kPriceFields.size() == kPriceCount && kRequestPrice == kUsageClassCount);

absl::StatusOr<int64_t> ToPrice(const std::string& where, const PriceField& field,
                                const std::string& text) {
  absl::StatusOr<Picos> picos = ParseDecimal(text, field.decimals);
  if (!picos.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The price ", where, ".", field.name,
                     " cannot be read: ", absl::StripSuffix(picos.status().message(), "."), "."));
  }
  if (*picos < 0 || *picos > kPriceMaxPicos) {
    const bool per_thousand = field.units == UnitsPriced(UsageKind::kRequests);
    return absl::InvalidArgumentError(
        absl::StrCat("The price ", where, ".", field.name, " is ", text, "; give one from 0 to ",
                     FormatUsd(Picos{kPriceMaxPicos} * field.units), " USD per ",
                     per_thousand ? "thousand." : "million tokens."));
  }
  return static_cast<int64_t>(*picos);
}

absl::StatusOr<Prices> ToPrices(const std::string& where, const pb::Prices& from) {
  Prices prices{};
  for (size_t i = 0; i < kPriceCount; ++i) {
    const std::string& text = (from.*kPriceFields[i].get)();
    if (!text.empty()) {
      ASSIGN_OR_RETURN(prices[i], ToPrice(where, kPriceFields[i], text));
    }
  }
  return prices;
}

pb::Prices FromPrices(const Prices& from) {
  pb::Prices prices;
  for (size_t i = 0; i < kPriceCount; ++i) {
    if (from[i].has_value()) {
      const PriceField& field = kPriceFields[i];
      *(prices.*field.mutate)() = FormatUsd(Picos{*from[i]} * field.units);
    }
  }
  return prices;
}

HoursOfDay ToHours(const pb::HoursOfDay& from) {
  return {.from_s = from.from_second(), .to_s = from.to_second()};
}

// Returns a multiplier in parts per million; 0 where there is none.
absl::StatusOr<int64_t> ToMultiplier(const std::string& where, const std::string& text) {
  if (text.empty()) {
    return 0;
  }
  constexpr int kDecimals = 6;
  const absl::StatusOr<Picos> ppm = ParseDecimal(text, kDecimals);
  if (!ppm.ok() || *ppm < 1 || *ppm > kMultiplierMaxPpm) {
    return absl::InvalidArgumentError(
        absl::StrCat("The multiplier ", where, ".multiplier is ", Quoted(text),
                     "; give a decimal number above 0 and up to ", kMultiplierMaxPpm / kPpm,
                     " with at most six digits behind the point, such as 0.8."));
  }
  return static_cast<int64_t>(*ppm);
}

// Returns a currency as storage has it: "" for USD.
std::string ToCurrency(const std::string& text) {
  const std::string code = absl::AsciiStrToUpper(text);
  return code == "USD" ? "" : code;
}

absl::StatusOr<Rate> ToRate(const std::string& where, const pb::Rate& from) {
  Rate rate;
  rate.provider = from.provider();
  ASSIGN_OR_RETURN(rate.match, ToMatch(where, from.match()));
  rate.effective_from_us = from.effective_from_unix_us();
  ASSIGN_OR_RETURN(rate.prices, ToPrices(absl::StrCat(where, ".prices"), from.prices()));
  for (int i = 0; i < from.tiers_size(); ++i) {
    RateTier& tier = rate.tiers.emplace_back();
    tier.input_tokens_over = from.tiers(i).input_tokens_over();
    ASSIGN_OR_RETURN(tier.prices, ToPrices(absl::StrCat(where, ".tiers[", i, "].prices"),
                                           from.tiers(i).prices()));
  }
  rate.source = from.source();
  rate.hours = ToHours(from.hours());
  rate.service_tier = std::string(CanonicalServiceTier(from.service_tier()));
  rate.region = std::string(CanonicalRegion(from.region()));
  rate.note = from.note();
  ASSIGN_OR_RETURN(rate.multiplier_ppm, ToMultiplier(where, from.multiplier()));
  rate.attribute_key = from.attribute_key();
  rate.attribute_value = from.attribute_value();
  rate.currency = ToCurrency(from.currency());
  if (rate.is_exchange()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The provider ", where,
                     ".provider stands for exchange rates; give those in "
                     "exchange_rates."));
  }
  return rate;
}

// Names a rate as "rates[2] (gpt-5)", or without the model where there is none.
std::string NameOf(int index, const pb::Rate& rate) {
  const std::string place = absl::StrCat("rates[", index, "]");
  const bool named = rate.match().match_case() == pb::ModelMatch::kEquals;
  return named ? absl::StrCat(place, " (", rate.match().equals(), ")") : place;
}

std::string FormatPpm(int64_t ppm) {
  return FormatUsd(Picos{ppm} * (kPicosPerUsd / kPpm));
}

// Makes the rate that stands for an exchange rate.
absl::StatusOr<Rate> ToExchange(const std::string& where, const pb::ExchangeRate& from) {
  Rate rate;
  rate.provider = kExchangeProvider;
  rate.match = ModelMatch::Equals(absl::AsciiStrToUpper(from.currency()));
  rate.effective_from_us = from.effective_from_unix_us();
  rate.source = from.source();
  const absl::StatusOr<Picos> usd = ParseUsd(from.usd());
  if (!usd.ok() || *usd < 1 || *usd > kPriceMaxPicos) {
    return absl::InvalidArgumentError(
        absl::StrCat("The exchange rate ", where, ".usd is ", Quoted(from.usd()),
                     "; give USD for one unit of the currency, above 0 and up to ",
                     FormatUsd(kPriceMaxPicos), ", such as 1.0850."));
  }
  rate.prices[kRequestPrice] = static_cast<int64_t>(*usd);
  return rate;
}

}  // namespace

pb::Rate FromRate(const Rate& from) {
  pb::Rate rate;
  rate.set_provider(from.provider);
  *rate.mutable_match() = FromMatch(from.match);
  rate.set_effective_from_unix_us(from.effective_from_us);
  if (from.multiplier_ppm == 0) {
    *rate.mutable_prices() = FromPrices(from.prices);
  }
  for (const RateTier& tier : from.tiers) {
    pb::RateTier* added = rate.add_tiers();
    added->set_input_tokens_over(tier.input_tokens_over);
    *added->mutable_prices() = FromPrices(tier.prices);
  }
  rate.set_source(from.source);
  if (!from.hours.is_whole_day()) {
    rate.mutable_hours()->set_from_second(from.hours.from_s);
    rate.mutable_hours()->set_to_second(from.hours.to_s);
  }
  rate.set_service_tier(from.service_tier);
  rate.set_region(from.region);
  rate.set_origin(from.origin == RateOrigin::kBundled ? pb::RATE_ORIGIN_BUNDLED
                                                      : pb::RATE_ORIGIN_USER);
  rate.set_note(from.note);
  if (from.is_multiplier()) {
    rate.set_multiplier(FormatPpm(from.multiplier_ppm));
  }
  rate.set_attribute_key(from.attribute_key);
  rate.set_attribute_value(from.attribute_value);
  rate.set_currency(from.currency);
  if (from.recorded_at_us != 0) {
    rate.set_recorded_at_unix_us(from.recorded_at_us);
  }
  return rate;
}

pb::ExchangeRate FromExchange(const Rate& from) {
  pb::ExchangeRate exchange;
  exchange.set_currency(from.match.text);
  exchange.set_usd(FormatUsd(*from.prices[kRequestPrice]));
  exchange.set_effective_from_unix_us(from.effective_from_us);
  exchange.set_source(from.source);
  exchange.set_recorded_at_unix_us(from.recorded_at_us);
  return exchange;
}

absl::StatusOr<std::vector<Rate>> ToRates(const pb::SetRatesRequest& request) {
  std::vector<Rate> rates;
  rates.reserve(static_cast<size_t>(request.rates_size() + request.exchange_rates_size()));
  for (int i = 0; i < request.exchange_rates_size(); ++i) {
    ASSIGN_OR_RETURN(rates.emplace_back(), ToExchange(absl::StrCat("exchange_rates[", i, "]"),
                                                      request.exchange_rates(i)));
  }
  for (int i = 0; i < request.rates_size(); ++i) {
    const pb::Rate& rate = request.rates(i);
    ASSIGN_OR_RETURN(rates.emplace_back(), ToRate(NameOf(i, rate), rate));
  }
  return rates;
}

absl::StatusOr<std::vector<RateName>> ToRateNames(const pb::RemoveRatesRequest& request) {
  std::vector<RateName> names;
  for (int i = 0; i < request.rates_size(); ++i) {
    const pb::RateId& id = request.rates(i);
    RateName& name = names.emplace_back();
    name.provider = id.provider();
    ASSIGN_OR_RETURN(name.match, ToMatch(absl::StrCat("rates[", i, "]"), id.match()));
    RETURN_IF_ERROR(name.match.Validate());
    name.effective_from_us = id.effective_from_unix_us();
    name.hours = ToHours(id.hours());
    name.service_tier = std::string(CanonicalServiceTier(id.service_tier()));
    name.region = std::string(CanonicalRegion(id.region()));
    name.attribute_key = id.attribute_key();
    name.attribute_value = id.attribute_value();
    name.is_multiplier = id.is_multiplier();
  }
  for (const pb::ExchangeRateId& id : request.exchange_rates()) {
    names.push_back({.provider = kExchangeProvider,
                     .match = ModelMatch::Equals(absl::AsciiStrToUpper(id.currency())),
                     .effective_from_us = id.effective_from_unix_us()});
  }
  return names;
}

pb::SetRatesResponse ToSetRatesResponse(const RateChange& change) {
  pb::SetRatesResponse response;
  response.set_added(change.added);
  response.set_replaced(change.replaced);
  response.set_repriced_calls(change.repriced_calls);
  return response;
}

pb::RemoveRatesResponse ToRemoveRatesResponse(const RateChange& change) {
  pb::RemoveRatesResponse response;
  response.set_removed(change.removed);
  response.set_repriced_calls(change.repriced_calls);
  return response;
}

pb::ListRatesResponse ToListRatesResponse(const std::vector<Rate>& rates,
                                          const std::vector<UnpricedModel>& unpriced,
                                          bool with_bundled, const std::vector<EndedRate>& ended) {
  pb::ListRatesResponse response;
  for (const Rate& rate : rates) {
    if (rate.is_exchange()) {
      *response.add_exchange_rates() = FromExchange(rate);
      continue;
    }
    if (rate.origin == RateOrigin::kBundled) {
      response.mutable_bundled()->set_rates(response.bundled().rates() + 1);
      response.mutable_bundled()->set_source(rate.source);
    }
    if (rate.origin == RateOrigin::kUser || with_bundled) {
      *response.add_rates() = FromRate(rate);
    }
  }
  for (const EndedRate& past : ended) {
    if (past.rate.is_exchange()) {
      pb::ExchangeRate& rate = *response.add_exchange_rates();
      rate = FromExchange(past.rate);
      rate.set_ended_at_unix_us(past.at_us);
    } else if (past.rate.origin == RateOrigin::kUser || with_bundled) {
      pb::Rate& rate = *response.add_rates();
      rate = FromRate(past.rate);
      rate.set_ended_at_unix_us(past.at_us);
    }
  }
  for (const UnpricedModel& model : unpriced) {
    pb::UnpricedModel* added = response.add_unpriced();
    added->set_provider(model.provider);
    added->set_model(model.model);
    added->set_calls(model.calls);
    added->set_reason(model.has_rate ? "no rate for some of its calls" : "no rate for the model");
  }
  return response;
}

}  // namespace itemized::server
