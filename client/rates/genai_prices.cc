// SPDX-License-Identifier: Apache-2.0
// The form of genai-prices v2: providers with models, match clauses, and USD
// per million tokens, perhaps by context size and from dates on.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/rates/describe_match.h"
#include "client/rates/formats.h"
#include "client/rates/genai_condition.h"
#include "client/rates/prices.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::client {
namespace {

struct GenaiField {
  absl::string_view theirs;
  absl::string_view ours;
  PricedUnits units = PricedUnits::kMillion;
};

constexpr std::array<GenaiField, 14> kFields = {{
    {"input_mtok", "input"},
    {"output_mtok", "output"},
    {"cache_read_mtok", "cache_read"},
    {"cache_write_mtok", "cache_write_5m"},
    {"cache_write_5m_mtok", "cache_write_5m"},
    {"cache_write_1h_mtok", "cache_write_1h"},
    {"output_reasoning_mtok", "reasoning"},
    {"input_audio_mtok", "input_audio"},
    {"output_audio_mtok", "output_audio"},
    {"cache_audio_read_mtok", "cache_read_audio"},
    {"input_image_mtok", "input_image"},
    {"output_image_mtok", "output_image"},
    {"web_searches_kcount", "web_search", PricedUnits::kThousand},
    {"requests_kcount", "request", PricedUnits::kThousand},
}};

const GenaiField* FindField(absl::string_view name) {
  for (const GenaiField& field : kFields) {
    if (name == field.theirs) {
      return &field;
    }
  }
  return nullptr;
}

// A match clause, or nothing if RE2 lacks the syntax of an expression in it.
// An alternative that RE2 lacks is dropped: the match is then narrower.
std::optional<v1::ModelMatch> ReadMatch(const JsonValue& clause);

std::optional<v1::ModelMatch> ReadParts(const JsonValue& list, bool any) {
  v1::ModelMatch match;
  v1::ModelMatch::List* parts = any ? match.mutable_any_of() : match.mutable_all_of();
  for (const JsonValue& item : list.items) {
    if (std::optional<v1::ModelMatch> part = ReadMatch(item)) {
      *parts->add_matches() = *std::move(part);
    } else if (!any) {
      return std::nullopt;
    }
  }
  if (parts->matches().empty()) {
    return std::nullopt;
  }
  return match;
}

std::optional<v1::ModelMatch> ReadLeaf(const std::string& name, const std::string& text) {
  v1::ModelMatch match;
  if (name == "equals") {
    match.set_equals(text);
  } else if (name == "starts_with") {
    match.set_starts_with(text);
  } else if (name == "ends_with") {
    match.set_ends_with(text);
  } else if (name == "contains") {
    match.set_contains(text);
  } else if (name == "regex") {
    match.set_regex(text);
  } else {
    return std::nullopt;
  }
  return match;
}

std::optional<v1::ModelMatch> ReadMatch(const JsonValue& clause) {
  if (clause.members.size() != 1) {
    return std::nullopt;
  }
  const auto& [name, value] = clause.members.front();
  if (name == "or" || name == "and") {
    return ReadParts(value, name == "or");
  }
  std::optional<v1::ModelMatch> match = ReadLeaf(name, value.text);
  return match && ToModelMatch(*match).Validate().ok() ? match : std::nullopt;
}

class GenaiReader {
 public:
  explicit GenaiReader(const RateImportOptions& options) : options_(options) {
    if (options_.source.empty()) {
      options_.source = "genai-prices";
    }
  }

  absl::StatusOr<RateImport> Read(const JsonValue& root) {
    for (const JsonValue& provider : root.items) {
      const JsonValue* id = provider.Find("id");
      const JsonValue* models = provider.Find("models");
      if (id == nullptr || id->text.empty() || models == nullptr || !models->is_array()) {
        return absl::InvalidArgumentError(
            "A provider lacks its \"id\" or \"models\": give the data.json of genai-prices v2.");
      }
      RETURN_IF_ERROR(CheckOnce(absl::StrCat("provider ", Quoted(id->text)), provider));
      for (const JsonValue& model : models->items) {
        RETURN_IF_ERROR(ReadModel(id->text, model));
      }
    }
    Warn();
    return std::move(import_);
  }

 private:
  static absl::Status CheckOnce(absl::string_view where, const JsonValue& object) {
    const std::string name = RepeatedName(object);
    return name.empty() ? absl::OkStatus()
                        : absl::InvalidArgumentError(absl::StrCat(
                              "The ", where, " has ", Quoted(name), " twice: leave one out."));
  }

  absl::Status ReadModel(const std::string& provider, const JsonValue& model) {
    const JsonValue* id = model.Find("id");
    const JsonValue* match = model.Find("match");
    const JsonValue* prices = model.Find("prices");
    if (id == nullptr || id->text.empty() || match == nullptr || prices == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("A model of provider ", Quoted(provider),
                       " lacks its \"id\", \"match\" or \"prices\": add it."));
    }
    v1::Rate rate;
    rate.set_provider(provider);
    rate.set_source(options_.source);
    rate.set_effective_from_unix_us(options_.effective_from_us);
    SetMatch(provider, id->text, *match, &rate);
    name_ = absl::StrCat(provider, "/", id->text);
    RETURN_IF_ERROR(CheckOnce(absl::StrCat("model ", Quoted(name_)), model));
    return prices->is_array() ? ReadHistory(rate, *prices) : AddRate(rate, *prices);
  }

  void SetMatch(const std::string& provider, const std::string& id, const JsonValue& clause,
                v1::Rate* rate) {
    if (std::optional<v1::ModelMatch> match = ReadMatch(clause)) {
      *rate->mutable_match() = *std::move(match);
      return;
    }
    rate->mutable_match()->set_equals(id);
    by_id_.Add(absl::StrCat(provider, "/", id));
  }

  // One entry of a price history.
  struct Dated {
    v1::Rate rate;
    const JsonValue* prices = nullptr;
  };

  // The last active one of conditional prices wins. So prices from a date on hide all that come
  // before them in the list and hold no earlier; and prices for hours of the day hold beside each
  // of the prices for whole days that come before them.
  absl::Status ReadHistory(const v1::Rate& model, const JsonValue& history) {
    std::vector<Dated> held;
    for (const JsonValue& entry : history.items) {
      const JsonValue* prices = entry.Find("prices");
      if (prices == nullptr) {
        return Fault("an entry of its price history has no \"prices\"; add them");
      }
      v1::Rate rate = model;
      const absl::StatusOr<bool> is_known =
          ReadCondition(entry.Find("constraint"), options_.effective_from_us, &rate);
      if (!is_known.ok()) {
        return Fault(is_known.status().message());
      }
      if (*is_known) {
        Hold({std::move(rate), prices}, &held);
      } else {
        conditional_.Add(name_);
        import_.left_out.push_back({name_, "", "its price holds under a condition not known here"});
      }
    }
    for (const Dated& dated : held) {
      RETURN_IF_ERROR(AddRate(dated.rate, *dated.prices));
    }
    return absl::OkStatus();
  }

  static void Hold(Dated dated, std::vector<Dated>* held) {
    const int64_t from_us = dated.rate.effective_from_unix_us();
    if (!dated.rate.has_hours()) {
      std::erase_if(*held, [&](const Dated& earlier) {
        return earlier.rate.effective_from_unix_us() >= from_us;
      });
      held->push_back(std::move(dated));
      return;
    }
    std::set<int64_t> instants;
    for (const Dated& earlier : *held) {
      instants.insert(earlier.rate.effective_from_unix_us());
    }
    instants.insert(from_us);
    for (const int64_t instant_us : instants) {
      dated.rate.set_effective_from_unix_us(instant_us);
      held->push_back(dated);
    }
  }

  absl::Status AddRate(v1::Rate rate, const JsonValue& prices) {
    RETURN_IF_ERROR(CheckOnce(absl::StrCat("model ", Quoted(name_)), prices));
    TierSet tiers;
    for (const JsonMember& price : prices.members) {
      const GenaiField* field = FindField(price.name);
      if (field == nullptr) {
        other_prices_.Add(price.name);
        import_.left_out.push_back({name_, price.name, "a rate cannot have this kind of price"});
        continue;
      }
      RETURN_IF_ERROR(ReadField(*field, price.value, &rate, &tiers));
    }
    if (!HasPrice(rate.prices())) {
      ++without_price_;
      import_.left_out.push_back({name_, "", "it has no price"});
      return absl::OkStatus();
    }
    tiers.Finish(&rate);
    import_.rates.push_back(std::move(rate));
    return absl::OkStatus();
  }

  absl::Status ReadField(const GenaiField& field, const JsonValue& value, v1::Rate* rate,
                         TierSet* tiers) {
    const JsonValue* base = value.is_object() ? value.Find("base") : &value;
    if (base == nullptr) {
      return Fault(absl::StrCat("its ", Quoted(field.theirs),
                                " has no \"base\"; add the price below the tiers"));
    }
    if (base->kind == JsonValue::Kind::kNull) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Picos picos, ReadOne(field, *base));
    SetPrice(field.ours, picos, rate->mutable_prices());
    const JsonValue* steps = value.Find("tiers");
    return steps == nullptr ? absl::OkStatus() : ReadTiers(field, *steps, tiers);
  }

  absl::Status ReadTiers(const GenaiField& field, const JsonValue& steps, TierSet* tiers) {
    for (const JsonValue& step : steps.items) {
      const JsonValue* start = step.Find("start");
      const JsonValue* price = step.Find("price");
      const absl::StatusOr<Picos> over =
          ParseDecimal(start == nullptr ? "" : absl::string_view(start->text), 0);
      if (price == nullptr || !over.ok() || *over < 0 || *over > Picos(INT64_MAX)) {
        return Fault(absl::StrCat("a tier of its ", Quoted(field.theirs),
                                  " lacks a whole \"start\" or a \"price\"; add it"));
      }
      ASSIGN_OR_RETURN(const Picos picos, ReadOne(field, *price));
      tiers->Set(static_cast<int64_t>(*over), field.ours, picos);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Picos> ReadOne(const GenaiField& field, const JsonValue& value) {
    const absl::StatusOr<Price> price = ReadPrice(value, field.units);
    if (!price.ok()) {
      return Fault(absl::StrCat("its price ", Quoted(field.theirs), " ", price.status().message()));
    }
    rounded_ += price->rounded ? 1 : 0;
    return price->picos;
  }

  absl::Status Fault(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("Model ", Quoted(name_), ": ", what, "."));
  }

  void WarnIf(bool condition, const std::string& sentence) {
    if (condition) {
      import_.warnings.push_back(sentence + ".");
    }
  }

  void Warn() {
    WarnIf(!conditional_.empty(),
           absl::StrCat("Left out ", Counted(conditional_.total(), "price"),
                        " under conditions other than a start date and hours of the day: ",
                        conditional_.ToString()));
    WarnIf(!by_id_.empty(),
           absl::StrCat("Matched by id alone, as their expressions are not RE2 syntax: ",
                        by_id_.ToString()));
    WarnIf(without_price_ > 0, absl::StrCat("Left out ", Counted(without_price_, "model"),
                                            " without a price per token"));
    WarnIf(rounded_ > 0,
           absl::StrCat("Rounded ", Counted(rounded_, "price"), " to 10^-12 USD a unit"));
    WarnIf(!other_prices_.empty(),
           absl::StrCat("Ignored prices of other kinds: ", other_prices_.ToString()));
  }

  RateImportOptions options_;
  RateImport import_;
  std::string name_;  // What sentences call the model being read.
  Tally conditional_;
  Tally by_id_;
  Tally other_prices_;
  int64_t without_price_ = 0;
  int64_t rounded_ = 0;
};

}  // namespace

absl::StatusOr<RateImport> ParseGenaiPrices(const JsonValue& root,
                                            const RateImportOptions& options) {
  return GenaiReader(options).Read(root);
}

}  // namespace itemized::client
