// SPDX-License-Identifier: Apache-2.0
// The simple form: model names with prices in USD per million tokens, per
// thousand for searches and requests.

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/rates/formats.h"
#include "client/rates/prices.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::client {
namespace {

constexpr char kWrapper[] = "usd_per_million_tokens";

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

bool IsOther(absl::string_view name) {
  return name == "provider" || name == "effective_from" || name == "tiers" || name == "source";
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
    if (!HasPrice(rate_.prices())) {
      return absl::InvalidArgumentError(
          absl::StrCat("Model ", Quoted(model_), " has no price: give at least \"input\"."));
    }
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
    (name.first == kTiersOfService ? rate.mutable_service_tier() : rate.mutable_region())
        ->assign(name.second);
    std::set<std::string> seen;
    for (const JsonMember& field : prices.members) {
      RETURN_IF_ERROR(Once(field.name, &seen));
      if (field.name == "tiers") {
        RETURN_IF_ERROR(ReadTiers(field.value, &rate));
      } else if (IsPriceField(Canonical(field.name))) {
        RETURN_IF_ERROR(ReadPriceField(field.name, field.value, rate.mutable_prices()));
      } else {
        return Fault(model_, absl::StrCat(where, ".", field.name), "is not known; give prices");
      }
    }
    if (!HasPrice(rate.prices())) {
      return Fault(model_, where, "has no price; give at least \"input\"");
    }
    return rate;
  }

  absl::Status SetMatch() {
    const absl::string_view pattern =
        absl::EndsWith(model_, "*") ? model_.substr(0, model_.size() - 1) : model_;
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

absl::Status ReadModel(const JsonMember& model, const RateImportOptions& options,
                       std::vector<v1::Rate>* rates) {
  const auto add = [&](const JsonValue& value) -> absl::StatusOr<v1::Rate> {
    ASSIGN_OR_RETURN(const std::vector<v1::Rate> read,
                     ModelReader(model.name, options).Read(value));
    rates->insert(rates->end(), read.begin(), read.end());
    return read.front();
  };
  if (!model.value.is_array()) {
    return add(model.value).status();
  }
  std::set<std::pair<std::string, int64_t>> seen;
  for (const JsonValue& item : model.value.items) {
    ASSIGN_OR_RETURN(const v1::Rate rate, add(item));
    if (!seen.emplace(rate.provider(), rate.effective_from_unix_us()).second) {
      return Fault(model.name, "effective_from",
                   "is the same in two objects of its history; leave one out");
    }
  }
  return absl::OkStatus();
}

absl::Status Unwrap(const JsonValue& root, const JsonValue** models, RateImportOptions* options) {
  if (const std::string name = RepeatedName(root); !name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The field ", Quoted(name), " is there twice: leave one out."));
  }
  for (const JsonMember& field : root.members) {
    if (field.name == kWrapper) {
      *models = &field.value;
    } else if (field.name == "source" && field.value.is_string()) {
      options->source = options->source.empty() ? field.value.text : options->source;
    } else if (field.name != "note") {
      return absl::InvalidArgumentError(
          absl::StrCat("The field ", Quoted(field.name), " beside \"", kWrapper,
                       "\" is not known: only \"note\" and \"source\" are."));
    }
  }
  if (!(*models)->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The value of \"", kWrapper, "\" must be an object of models."));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSimpleField(absl::string_view name) {
  return IsPriceField(Canonical(name)) || name == "tiers" || name == "effective_from";
}

absl::StatusOr<RateImport> ParseSimple(const JsonValue& root, const RateImportOptions& options) {
  RateImportOptions defaults = options;
  const JsonValue* models = &root;
  if (root.Find(kWrapper) != nullptr) {
    RETURN_IF_ERROR(Unwrap(root, &models, &defaults));
  }
  RateImport import;
  std::set<std::string> seen;
  for (const JsonMember& model : models->members) {
    if (!seen.insert(model.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("Model ", Quoted(model.name),
                       " is there twice: give its history as an array of objects."));
    }
    RETURN_IF_ERROR(ReadModel(model, defaults, &import.rates));
  }
  return import;
}

}  // namespace itemized::client
