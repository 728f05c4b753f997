// SPDX-License-Identifier: Apache-2.0
#include "server/convert/rates.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/usage_fields.h"

#include "storage/base/money.h"
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

absl::StatusOr<ModelMatch> ToMatch(const std::string& where, const pb::ModelMatch& from);

absl::StatusOr<ModelMatch> ToCombination(const std::string& where, ModelMatch::Kind kind,
                                         const pb::ModelMatch::List& from) {
  ModelMatch match;
  match.kind = kind;
  for (const pb::ModelMatch& part : from.matches()) {
    ASSIGN_OR_RETURN(match.parts.emplace_back(), ToMatch(where, part));
  }
  return match;
}

ModelMatch ToLeaf(ModelMatch::Kind kind, const std::string& text) {
  ModelMatch match;
  match.kind = kind;
  match.text = text;
  return match;
}

absl::StatusOr<ModelMatch> ToMatch(const std::string& where, const pb::ModelMatch& from) {
  using Kind = ModelMatch::Kind;
  switch (from.match_case()) {
    case pb::ModelMatch::kEquals:
      return ToLeaf(Kind::kEquals, from.equals());
    case pb::ModelMatch::kStartsWith:
      return ToLeaf(Kind::kStartsWith, from.starts_with());
    case pb::ModelMatch::kEndsWith:
      return ToLeaf(Kind::kEndsWith, from.ends_with());
    case pb::ModelMatch::kContains:
      return ToLeaf(Kind::kContains, from.contains());
    case pb::ModelMatch::kRegex:
      return ToLeaf(Kind::kRegex, from.regex());
    case pb::ModelMatch::kAnyOf:
      return ToCombination(where, Kind::kAnyOf, from.any_of());
    case pb::ModelMatch::kAllOf:
      return ToCombination(where, Kind::kAllOf, from.all_of());
    case pb::ModelMatch::MATCH_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("The field ", where, ".match is not set; say which models the rate is for."));
}

pb::ModelMatch FromMatch(const ModelMatch& from) {
  using Kind = ModelMatch::Kind;
  pb::ModelMatch match;
  switch (from.kind) {
    case Kind::kEquals:
      match.set_equals(from.text);
      break;
    case Kind::kStartsWith:
      match.set_starts_with(from.text);
      break;
    case Kind::kEndsWith:
      match.set_ends_with(from.text);
      break;
    case Kind::kContains:
      match.set_contains(from.text);
      break;
    case Kind::kRegex:
      match.set_regex(from.text);
      break;
    case Kind::kAnyOf:
    case Kind::kAllOf: {
      pb::ModelMatch::List* list =
          from.kind == Kind::kAnyOf ? match.mutable_any_of() : match.mutable_all_of();
      for (const ModelMatch& part : from.parts) {
        *list->add_matches() = FromMatch(part);
      }
    }
  }
  return match;
}

HoursOfDay ToHours(const pb::HoursOfDay& from) {
  return {.from_s = from.from_second(), .to_s = from.to_second()};
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
  return rate;
}

// Names a rate as "rates[2] (gpt-5)", or without the model where there is none.
std::string NameOf(int index, const pb::Rate& rate) {
  const std::string place = absl::StrCat("rates[", index, "]");
  const bool named = rate.match().match_case() == pb::ModelMatch::kEquals;
  return named ? absl::StrCat(place, " (", rate.match().equals(), ")") : place;
}

pb::Rate FromRate(const Rate& from) {
  pb::Rate rate;
  rate.set_provider(from.provider);
  *rate.mutable_match() = FromMatch(from.match);
  rate.set_effective_from_unix_us(from.effective_from_us);
  *rate.mutable_prices() = FromPrices(from.prices);
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
  if (from.recorded_at_us != 0) {
    rate.set_recorded_at_unix_us(from.recorded_at_us);
  }
  return rate;
}

}  // namespace

absl::StatusOr<std::vector<Rate>> ToRates(const pb::SetRatesRequest& request) {
  std::vector<Rate> rates;
  rates.reserve(static_cast<size_t>(request.rates_size()));
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
    if (rate.origin == RateOrigin::kBundled) {
      response.mutable_bundled()->set_rates(response.bundled().rates() + 1);
      response.mutable_bundled()->set_source(rate.source);
    }
    if (rate.origin == RateOrigin::kUser || with_bundled) {
      *response.add_rates() = FromRate(rate);
    }
  }
  for (const EndedRate& past : ended) {
    if (past.rate.origin == RateOrigin::kUser || with_bundled) {
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
  }
  return response;
}

}  // namespace itemized::server
