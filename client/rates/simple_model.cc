// SPDX-License-Identifier: Apache-2.0
// One model of the simple form.

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/rates/describe_match.h"
#include "client/rates/formats.h"
#include "client/rates/prices.h"
#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/pricing/rate.h"

namespace itemized::client {
namespace {

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 3> kSynonyms = {{
    {"cached_read", "cache_read"},
    {"cached_input", "cache_read"},
    {"cache_write", "cache_write_5m"},
}};

absl::string_view Canonical(absl::string_view name) {
  for (const auto& [synonym, canonical] : kSynonyms) {
    if (name == synonym) {
      return canonical;
    }
  }
  return name;
}

// Fields with a set of prices for each way in which a call can be served.
constexpr absl::string_view kTiersOfService = "tiers_of_service";
constexpr absl::string_view kRegions = "regions";

// Fields that say on what terms a rate is for whom.
constexpr absl::string_view kMultiplier = "multiplier";
constexpr absl::string_view kAttribute = "attribute";

bool IsOther(absl::string_view name) {
  return name == "provider" || name == "effective_from" || name == "source" || name == "currency";
}

absl::Status Fault(absl::string_view model, absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("Model ", Quoted(model), ": field ", Quoted(field), " ", what, "."));
}

// Reads one object of a model: a rate, and one more for each tier of service and region that it
// names. A rate is built field by field, so that a fault can name both.
class ModelReader {
 public:
  ModelReader(absl::string_view model, const RateImportOptions& options)
      : model_(model), options_(options) {}

  absl::StatusOr<std::vector<v1::Rate>> Read(const JsonValue& value) {
    if (!value.is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Model ", Quoted(model_), " is not an object of prices: make it one."));
    }
    RETURN_IF_ERROR(SetMatch());
    rate_.set_source(options_.source);
    rate_.set_effective_from_unix_us(options_.effective_from_us);
    for (const JsonMember& field : value.members) {
      RETURN_IF_ERROR(Once(field.name, &seen_));
      RETURN_IF_ERROR(ReadField(field.name, field.value));
    }
    RETURN_IF_ERROR(CheckTerms(rate_, absl::StrCat("Model ", Quoted(model_))));
    RETURN_IF_ERROR(CheckAnyModel());
    std::vector<v1::Rate> rates{rate_};
    for (const auto& [name, prices] : served_) {
      ASSIGN_OR_RETURN(rates.emplace_back(), ReadServed(name, *prices));
    }
    return rates;
  }

 private:
  using Name = std::pair<absl::string_view, std::string>;  // Field, and the tier or region.

  // Notes the prices of each tier of service or region, which are read once all of the model is.
  absl::Status NoteServed(absl::string_view field, const JsonValue& value) {
    if (!value.is_object()) {
      return Fault(model_, field, "must be an object that has prices by name");
    }
    for (const JsonMember& member : value.members) {
      RETURN_IF_ERROR(Once(absl::StrCat(field, ".", member.name), &seen_));
      if (member.name.empty() || !member.value.is_object()) {
        return Fault(model_, absl::StrCat(field, ".", member.name),
                     "must have a name, and be an object of prices");
      }
      served_.emplace_back(Name(field, member.name), &member.value);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Rate> ReadServed(const Name& name, const JsonValue& prices) {
    const std::string where = absl::StrCat(name.first, ".", name.second);
    v1::Rate rate = rate_;
    rate.clear_prices();
    rate.clear_tiers();
    rate.clear_multiplier();
    (name.first == kTiersOfService ? rate.mutable_service_tier() : rate.mutable_region())
        ->assign(name.second);
    std::set<std::string> seen;
    for (const JsonMember& field : prices.members) {
      RETURN_IF_ERROR(Once(field.name, &seen));
      if (field.name == "tiers") {
        RETURN_IF_ERROR(ReadTiers(field.value, &rate));
      } else if (field.name == kMultiplier) {
        RETURN_IF_ERROR(ReadMultiplier(field.value, &rate));
      } else if (IsPriceField(Canonical(field.name))) {
        RETURN_IF_ERROR(ReadPriceField(field.name, field.value, rate.mutable_prices()));
      } else {
        return Fault(model_, absl::StrCat(where, ".", field.name), "is not known; give prices");
      }
    }
    if (!rate.multiplier().empty()) {
      rate.clear_currency();
    }
    RETURN_IF_ERROR(
        CheckTerms(rate, absl::StrCat("Model ", Quoted(model_), ": field ", Quoted(where))));
    return rate;
  }

  absl::Status CheckAnyModel() const {
    if (model_ == "*" && rate_.multiplier().empty()) {
      return absl::InvalidArgumentError(
          "Model \"*\" names no model: give a name, or its beginning and a *; only a "
          "\"multiplier\" "
          "can be for all.");
    }
    return absl::OkStatus();
  }

  static absl::Status CheckTerms(const v1::Rate& rate, absl::string_view what) {
    const bool has_prices = HasPrice(rate.prices());
    if (!has_prices && rate.multiplier().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " has no price: give at least \"input\", or a \"multiplier\"."));
    }
    if (has_prices && !rate.multiplier().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " has prices and a multiplier: give one or the other."));
    }
    return absl::OkStatus();
  }

  absl::Status ReadMultiplier(const JsonValue& value, v1::Rate* rate) const {
    constexpr int kDecimals = 6;
    const bool is_text = value.kind == JsonValue::Kind::kNumber || value.is_string();
    const absl::StatusOr<Picos> ppm = ParseDecimal(is_text ? value.text : "", kDecimals);
    if (!ppm.ok() || *ppm < 1 || *ppm > kMultiplierMaxPpm) {
      return Fault(
          model_, kMultiplier,
          "must be a decimal number above 0 and up to 1000, with at most six digits behind "
          "the point");
    }
    rate->set_multiplier(FormatUsd(*ppm * (kPicosPerUsd / kPpm)));
    return absl::OkStatus();
  }

  absl::Status ReadAttribute(const JsonValue& value) {
    const bool is_one = value.is_object() && value.members.size() == 1 &&
                        value.members[0].value.is_string() && !value.members[0].name.empty() &&
                        !value.members[0].value.text.empty();
    if (!is_one) {
      return Fault(model_, kAttribute,
                   "must be an object of one attribute, such as {\"tenant\": \"acme\"}");
    }
    rate_.set_attribute_key(value.members[0].name);
    rate_.set_attribute_value(value.members[0].value.text);
    return absl::OkStatus();
  }

  absl::Status SetMatch() {
    const absl::string_view pattern =
        absl::EndsWith(model_, "*") ? model_.substr(0, model_.size() - 1) : model_;
    if (model_ == "*") {
      rate_.mutable_match()->set_regex(kAnyModelRegex);
      return absl::OkStatus();
    }
    if (pattern.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Model ", Quoted(model_), " names no model: give a name, or its beginning and a *."));
    }
    if (pattern.size() < model_.size()) {
      rate_.mutable_match()->set_starts_with(std::string(pattern));
    } else {
      rate_.mutable_match()->set_equals(std::string(pattern));
    }
    return absl::OkStatus();
  }

  absl::Status Once(absl::string_view field, std::set<std::string>* seen) {
    if (!seen->insert(std::string(Canonical(field))).second) {
      return Fault(model_, field, "is there twice, perhaps by another of its names; leave one out");
    }
    return absl::OkStatus();
  }

  absl::Status ReadField(absl::string_view name, const JsonValue& value) {
    if (IsPriceField(Canonical(name))) {
      return ReadPriceField(name, value, rate_.mutable_prices());
    }
    if (name == "tiers") {
      return ReadTiers(value, &rate_);
    }
    if (name == kTiersOfService || name == kRegions) {
      return NoteServed(name, value);
    }
    if (name == kMultiplier) {
      return ReadMultiplier(value, &rate_);
    }
    if (name == kAttribute) {
      return ReadAttribute(value);
    }
    if (!IsOther(name)) {
      return Fault(model_, name, "is not known; see the simple form of price files");
    }
    if (!value.is_string()) {
      return Fault(model_, name, "must be a string");
    }
    return ReadText(name, value.text);
  }

  absl::Status ReadText(absl::string_view name, const std::string& text) {
    if (name == "provider") {
      rate_.set_provider(text);
    } else if (name == "source") {
      rate_.set_source(text);
    } else if (name == "currency") {
      rate_.set_currency(text);
    } else {
      const absl::StatusOr<int64_t> from_us = ParseTime(text);
      if (!from_us.ok()) {
        return Fault(
            model_, name,
            absl::StrCat("is no instant: ", absl::StripSuffix(from_us.status().message(), ".")));
      }
      rate_.set_effective_from_unix_us(*from_us);
    }
    return absl::OkStatus();
  }

  absl::Status ReadPriceField(absl::string_view name, const JsonValue& value,
                              v1::Prices* prices) const {
    const absl::string_view field = Canonical(name);
    const absl::StatusOr<Price> price = ReadPrice(value, UnitsOfField(field));
    if (!price.ok()) {
      return Fault(model_, name, price.status().message());
    }
    if (price->rounded) {
      return Fault(
          model_, name,
          absl::StrCat("is ", Quoted(value.text), ", finer than 10^-12 USD a unit; round it"));
    }
    SetPrice(field, price->picos, prices);
    return absl::OkStatus();
  }

  absl::Status ReadTiers(const JsonValue& value, v1::Rate* rate) {
    if (!value.is_array()) {
      return Fault(model_, "tiers", "must be an array of objects");
    }
    for (const JsonValue& item : value.items) {
      RETURN_IF_ERROR(ReadTier(item, rate->add_tiers()));
    }
    return absl::OkStatus();
  }

  absl::Status ReadTier(const JsonValue& item, v1::RateTier* tier) {
    std::set<std::string> seen;
    for (const JsonMember& field : item.members) {
      RETURN_IF_ERROR(Once(field.name, &seen));
      if (field.name == "input_tokens_over") {
        RETURN_IF_ERROR(ReadThreshold(field.value, tier));
      } else if (IsPriceField(Canonical(field.name))) {
        RETURN_IF_ERROR(ReadPriceField(field.name, field.value, tier->mutable_prices()));
      } else {
        return Fault(model_, absl::StrCat("tiers.", field.name),
                     "is not known; give \"input_tokens_over\" and prices");
      }
    }
    if (seen.count("input_tokens_over") == 0 || !HasPrice(tier->prices())) {
      return Fault(model_, "tiers", "needs \"input_tokens_over\" and a price in each object");
    }
    return absl::OkStatus();
  }

  absl::Status ReadThreshold(const JsonValue& value, v1::RateTier* tier) const {
    int64_t over = 0;
    if (!absl::SimpleAtoi(value.text, &over) || over < 0) {
      return Fault(model_, "tiers.input_tokens_over", "must be a whole number of tokens");
    }
    tier->set_input_tokens_over(over);
    return absl::OkStatus();
  }

  absl::string_view model_;
  const RateImportOptions& options_;
  v1::Rate rate_;
  std::set<std::string> seen_;
  std::vector<std::pair<Name, const JsonValue*>> served_;
};

}  // namespace

bool IsSimpleField(absl::string_view name) {
  return IsPriceField(Canonical(name)) || name == "tiers" || name == "effective_from" ||
         name == kMultiplier;
}

absl::StatusOr<std::vector<v1::Rate>> ReadSimpleModel(absl::string_view model,
                                                      const JsonValue& value,
                                                      const RateImportOptions& options) {
  return ModelReader(model, options).Read(value);
}

}  // namespace itemized::client
