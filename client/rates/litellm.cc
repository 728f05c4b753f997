// SPDX-License-Identifier: Apache-2.0
// LiteLLM's form: model names, often "provider/model", with USD per token. A
// field name is a price and then suffixes: a context threshold and a service
// tier, "input_cost_per_token_above_200k_tokens_priority". Regions and the fast
// tier are multipliers of all prices of tokens.

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/rates/formats.h"
#include "client/rates/litellm_draft.h"
#include "client/rates/litellm_field.h"
#include "client/rates/litellm_report.h"
#include "client/rates/prices.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

constexpr absl::string_view kRegionFields = "regional_processing_uplift_multiplier_";
constexpr absl::string_view kFast = "fast";
constexpr std::array<absl::string_view, 8> kRegions = {"us", "eu", "apac", "au",
                                                       "jp", "ca", "uk",   "in"};
constexpr char kNoRateHasIt[] = "a rate cannot have this kind of price";

absl::Status Fault(absl::string_view model, absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("Model ", Quoted(model), ": field ", Quoted(field), " ", what, "."));
}

// Entries of the file that describe it.
bool IsNoModel(absl::string_view name) {
  return name == "sample_spec" || name == "fallback_generalizations";
}

bool IsZero(const JsonValue& number) {
  const absl::StatusOr<Picos> value = ParseDecimal(number.text, 12);
  return value.ok() && *value == 0;
}

class LiteLlmReader {
 public:
  explicit LiteLlmReader(const RateImportOptions& options) : options_(options) {
    if (options_.source.empty()) {
      options_.source = "LiteLLM";
    }
  }

  absl::StatusOr<RateImport> Read(const JsonValue& root) {
    std::set<absl::string_view> seen;
    for (const JsonMember& model : root.members) {
      if (IsNoModel(model.name)) {
        continue;
      }
      if (!model.value.is_object()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "Model ", Quoted(model.name), " is not an object of prices: make it one."));
      }
      if (!seen.insert(model.name).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("Model ", Quoted(model.name), " is there twice: leave one out."));
      }
      RETURN_IF_ERROR(ReadModel(model.name, model.value));
    }
    report_.MoveTo(&import_);
    return std::move(import_);
  }

 private:
  absl::Status ReadModel(absl::string_view name, const JsonValue& model) {
    LiteLlmDraft draft;
    draft.name = std::string(name);
    SetNames(name, model, &draft.head);
    std::set<absl::string_view> seen;
    for (const JsonMember& field : model.members) {
      const bool counts = IsLiteLlmPrice(field.name) || field.name == "litellm_provider";
      if (counts && !seen.insert(field.name).second) {
        return Fault(name, field.name, "is there twice; leave one out");
      }
      RETURN_IF_ERROR(ReadField(field.name, field.value, &draft));
    }
    for (v1::Rate& rate : RatesOf(draft, &report_)) {
      import_.rates.push_back(std::move(rate));
    }
    return absl::OkStatus();
  }

  void SetNames(absl::string_view name, const JsonValue& model, v1::Rate* rate) {
    rate->set_source(options_.source);
    rate->set_effective_from_unix_us(options_.effective_from_us);
    if (const JsonValue* provider = model.Find("litellm_provider"); provider != nullptr) {
      rate->set_provider(provider->text);
    }
    const size_t slash = name.find('/');
    if (slash == absl::string_view::npos || slash + 1 == name.size()) {
      rate->mutable_match()->set_equals(std::string(name));
      return;
    }
    v1::ModelMatch::List* any = rate->mutable_match()->mutable_any_of();
    any->add_matches()->set_equals(std::string(name));
    any->add_matches()->set_equals(std::string(name.substr(slash + 1)));
  }

  // Notes a price that no rate can have. A value that is null says that it is beside another one.
  static void Ignore(absl::string_view field, const JsonValue& value, absl::string_view reason,
                     LiteLlmDraft* draft) {
    if (value.kind == JsonValue::Kind::kNumber && IsZero(value)) {
      return;
    }
    draft->ignored.emplace_back(field, reason);
    draft->has_other_cost = draft->has_other_cost || value.kind != JsonValue::Kind::kNull;
  }

  absl::Status ReadField(absl::string_view field, const JsonValue& value, LiteLlmDraft* draft) {
    if (value.kind == JsonValue::Kind::kNull) {
      return absl::OkStatus();
    }
    if (field == "tiered_pricing") {
      return ReadTiered(value, draft);
    }
    if (field == "off_peak_pricing") {
      return ReadOffPeak(value, draft);
    }
    if (field == "provider_specific_entry") {
      return ReadMultipliers(value, draft);
    }
    if (field == "search_context_cost_per_query" && value.is_object()) {
      return ReadSearches(value, draft);
    }
    if (absl::string_view region = field; absl::ConsumePrefix(&region, kRegionFields)) {
      return ReadRegion(field, region, value, draft);
    }
    const LiteLlmField parsed = ParseLiteLlmField(field);
    if (!parsed.price.empty()) {
      return ReadPriceField(field, parsed, parsed.over_tokens, value, draft);
    }
    if (absl::StrContains(field, "dbu_cost")) {
      Ignore(field, JsonValue{}, "it is in units of Databricks and not in USD", draft);
    } else if (IsLiteLlmPrice(field)) {
      Ignore(field, value, kNoRateHasIt, draft);
    }
    return absl::OkStatus();
  }

  // Sets the price in the base or the context tier that `over` says.
  absl::Status ReadPriceField(absl::string_view field, const LiteLlmField& parsed, int64_t over,
                              const JsonValue& value, LiteLlmDraft* draft) {
    return SetIn(&draft->sets[parsed.service_tier], field, parsed, over, value, *draft);
  }

  absl::Status SetIn(LiteLlmPrices* set, absl::string_view field, const LiteLlmField& parsed,
                     int64_t over, const JsonValue& value, const LiteLlmDraft& draft) {
    const absl::StatusOr<Price> price = ReadPrice(value, PricedUnits::kOne);
    if (!price.ok()) {
      return Fault(draft.name, field, price.status().message());
    }
    size_t& used = set->ranks[{parsed.price, over}];
    if (parsed.rank < used) {
      return absl::OkStatus();
    }
    used = parsed.rank;
    report_.Round(price->rounded ? 1 : 0);
    if (over == 0) {
      SetPrice(parsed.price, price->picos, &set->base);
    } else {
      set->tiers.Set(Threshold(over, draft), parsed.price, price->picos);
    }
    return absl::OkStatus();
  }

  // xAI's prices hold from the threshold on, all others above it.
  static int64_t Threshold(int64_t over, const LiteLlmDraft& draft) {
    return draft.head.provider() == "xai" ? over - 1 : over;
  }

  absl::Status ReadSearches(const JsonValue& sizes, LiteLlmDraft* draft) {
    constexpr absl::string_view kField = "search_context_cost_per_query";
    const JsonValue* medium = sizes.Find("search_context_size_medium");
    if (medium == nullptr) {
      Ignore(kField, sizes, "it has no price for a medium context", draft);
      return absl::OkStatus();
    }
    if (std::any_of(sizes.members.begin(), sizes.members.end(),
                    [&](const JsonMember& size) { return size.value.text != medium->text; })) {
      report_.TakeMedium();
    }
    return ReadPriceField(kField, ParseLiteLlmField("search_context_size_medium"), 0, *medium,
                          draft);
  }

  absl::Status ReadTiered(const JsonValue& tiers, LiteLlmDraft* draft) {
    for (const JsonValue& tier : tiers.items) {
      const JsonValue* range = tier.Find("range");
      if (range == nullptr || range->items.empty()) {
        Ignore("tiered_pricing", tiers, "its ranges are not of tokens", draft);
        return absl::OkStatus();
      }
      const absl::StatusOr<Picos> over = ParseDecimal(range->items.front().text, 0);
      if (!over.ok() || *over < 0 || *over > Picos(INT64_MAX)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "Model ", Quoted(draft->name),
            ": a \"range\" of \"tiered_pricing\" must begin with a number of tokens."));
      }
      RETURN_IF_ERROR(ReadTier(tier, static_cast<int64_t>(*over), draft));
    }
    return absl::OkStatus();
  }

  absl::Status ReadTier(const JsonValue& tier, int64_t over, LiteLlmDraft* draft) {
    for (const JsonMember& field : tier.members) {
      const LiteLlmField parsed = ParseLiteLlmField(field.name);
      if (!parsed.price.empty() && parsed.over_tokens == 0) {
        RETURN_IF_ERROR(ReadPriceField(field.name, parsed, over, field.value, draft));
      } else if (field.name != "range") {
        Ignore(absl::StrCat("tiered_pricing.", field.name), field.value, kNoRateHasIt, draft);
      }
    }
    return absl::OkStatus();
  }

  // Reads prices for some hours of the day. If they depend on the day of the week too, no rate can
  // have them.
  absl::Status ReadOffPeak(const JsonValue& block, LiteLlmDraft* draft) {
    const JsonValue* hours = block.Find("hours_utc");
    if (hours == nullptr || block.Find("windows") != nullptr) {
      Ignore("off_peak_pricing", JsonValue{}, "its hours depend on the day", draft);
      return absl::OkStatus();
    }
    draft->off_peak_hours = ParseLiteLlmHours(*hours);
    if (draft->off_peak_hours.empty()) {
      return Fault(draft->name, "off_peak_pricing.hours_utc",
                   "must be hours in UTC such as \"16:30-00:30\", or a list of them");
    }
    for (const JsonMember& field : block.members) {
      const std::string name = absl::StrCat("off_peak_pricing.", field.name);
      const LiteLlmField parsed = ParseLiteLlmField(field.name);
      if (!parsed.price.empty() && parsed.over_tokens == 0 && parsed.service_tier.empty()) {
        RETURN_IF_ERROR(SetIn(&draft->off_peak, name, parsed, 0, field.value, *draft));
      } else if (IsLiteLlmPrice(field.name)) {
        Ignore(name, field.value, kNoRateHasIt, draft);
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadMultipliers(const JsonValue& entry, LiteLlmDraft* draft) {
    for (const JsonMember& member : entry.members) {
      const std::string field = absl::StrCat("provider_specific_entry.", member.name);
      if (member.name == kFast) {
        ASSIGN_OR_RETURN(draft->fast, ReadFactor(field, member.value, *draft));
      } else if (std::find(kRegions.begin(), kRegions.end(), member.name) != kRegions.end()) {
        RETURN_IF_ERROR(ReadRegion(field, member.name, member.value, draft));
      } else if (member.value.kind == JsonValue::Kind::kNumber) {
        Ignore(field, JsonValue{}, "it is not known what this number means", draft);
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadRegion(absl::string_view field, absl::string_view region, const JsonValue& value,
                          LiteLlmDraft* draft) {
    ASSIGN_OR_RETURN(const Picos factor, ReadFactor(field, value, *draft));
    Picos& all = draft->regions.try_emplace(std::string(region), kFactorUnit).first->second;
    all = DivideRounded(all * factor, kFactorUnit);
    return absl::OkStatus();
  }

  static absl::StatusOr<Picos> ReadFactor(absl::string_view field, const JsonValue& value,
                                          const LiteLlmDraft& draft) {
    constexpr int64_t kFactorMax = 1'000;
    const absl::StatusOr<Picos> factor = ParseDecimal(value.text, 12);
    if (!factor.ok() || *factor <= 0 || *factor > Picos(kFactorMax) * kFactorUnit) {
      return Fault(draft.name, field, "must be a factor above 0 and up to 1000, such as 1.1");
    }
    return *factor;
  }

  RateImportOptions options_;
  RateImport import_;
  LiteLlmReport report_;
};

}  // namespace

absl::StatusOr<RateImport> ParseLiteLlm(const JsonValue& root, const RateImportOptions& options) {
  return LiteLlmReader(options).Read(root);
}

}  // namespace itemized::client
