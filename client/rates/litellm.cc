// SPDX-License-Identifier: Apache-2.0
// LiteLLM's form: model names, often "provider/model", with USD per token. A
// field name is a price and then suffixes: a context threshold and a service
// tier, "input_cost_per_token_above_200k_tokens_priority".

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/rates/formats.h"
#include "client/rates/prices.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

// Names in the file and in v1.Prices. If a model has two for one price, the later in this
// list is used.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 16> kFields = {{
    {"input_cost_per_token", "input"},
    {"output_cost_per_token", "output"},
    {"output_cost_per_reasoning_token", "reasoning"},
    {"input_cost_per_token_cache_hit", "cache_read"},
    {"cache_read_input_token_cost", "cache_read"},
    {"cache_creation_input_token_cost", "cache_write_5m"},
    {"cache_creation_input_token_cost_above_1hr", "cache_write_1h"},
    {"input_cost_per_audio_token", "input_audio"},
    {"cache_read_input_audio_token_cost", "cache_read_audio"},
    {"cache_read_input_token_cost_per_audio_token", "cache_read_audio"},
    {"output_cost_per_audio_token", "output_audio"},
    {"input_cost_per_image_token", "input_image"},
    {"output_cost_per_image_token", "output_image"},
    {"input_cost_per_request", "request"},
    {"search_context_size_medium", "web_search"},
    {"search_context_cost_per_query", "web_search"},
}};

constexpr std::array<absl::string_view, 5> kTokenModes = {"", "chat", "completion", "responses",
                                                          "embedding"};

absl::string_view FieldFor(absl::string_view name) {
  for (const auto& [theirs, ours] : kFields) {
    if (name == theirs) {
      return ours;
    }
  }
  return "";
}

// What the name of a field says.
struct FieldName {
  absl::string_view price;  // It has no suffixes.
  int64_t over = 0;         // Input tokens; 0: no threshold.
  bool flex = false;
  bool priority = false;
  bool batch = false;
};

// Takes "_above_200k_tokens" off the end.
void TakeThreshold(FieldName* name) {
  absl::string_view rest = name->price;
  const size_t at = rest.rfind("_above_");
  if (at == absl::string_view::npos || !absl::ConsumeSuffix(&rest, "k_tokens")) {
    return;
  }
  int64_t thousands = 0;
  if (absl::SimpleAtoi(rest.substr(at + 7), &thousands) && thousands > 0 && thousands < 1'000'000) {
    name->over = thousands * 1'000;
    name->price = rest.substr(0, at);
  }
}

FieldName ParseName(absl::string_view text) {
  FieldName name;
  name.price = text;
  name.flex = absl::ConsumeSuffix(&name.price, "_flex");
  name.priority = absl::ConsumeSuffix(&name.price, "_priority");
  name.batch = absl::ConsumeSuffix(&name.price, "_batches") ||
               absl::ConsumeSuffix(&name.price, "_batch_requests");
  TakeThreshold(&name);
  return name;
}

bool IsPriceLike(absl::string_view name) {
  return absl::StrContains(name, "cost") || absl::StrContains(name, "pricing") ||
         absl::StrContains(name, "uplift");
}

class LiteLlmReader {
 public:
  explicit LiteLlmReader(const RateImportOptions& options) : options_(options) {
    if (options_.source.empty()) {
      options_.source = "LiteLLM";
    }
  }

  absl::StatusOr<RateImport> Read(const JsonValue& root) {
    for (const JsonMember& model : root.members) {
      if (model.name == "sample_spec") {
        continue;
      }
      if (!model.value.is_object()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "Model ", Quoted(model.name), " is not an object of prices: make it one."));
      }
      RETURN_IF_ERROR(ReadModel(model.name, model.value));
    }
    Warn();
    return std::move(import_);
  }

 private:
  // A rate of the model being read, before it is complete.
  struct Draft {
    absl::string_view name;
    v1::Rate rate;
    TierSet tiers;
    std::map<std::pair<absl::string_view, int64_t>, size_t> rank;  // The used field has it.
  };

  absl::Status ReadModel(absl::string_view name, const JsonValue& model) {
    if (!IsTokenMode(model)) {
      return absl::OkStatus();
    }
    Draft draft;
    draft.name = name;
    SetNames(name, model, &draft.rate);
    for (const JsonMember& field : model.members) {
      RETURN_IF_ERROR(ReadField(field.name, field.value, &draft));
    }
    if (!HasPrice(draft.rate.prices())) {
      ++without_price_;
      return absl::OkStatus();
    }
    draft.tiers.Finish(&draft.rate);
    import_.rates.push_back(std::move(draft.rate));
    return absl::OkStatus();
  }

  bool IsTokenMode(const JsonValue& model) {
    const JsonValue* mode = model.Find("mode");
    const absl::string_view name = mode == nullptr ? "" : absl::string_view(mode->text);
    for (const absl::string_view one : kTokenModes) {
      if (name == one) {
        return true;
      }
    }
    other_modes_.Add(name);
    return false;
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

  absl::Status ReadField(absl::string_view field, const JsonValue& value, Draft* draft) {
    if (value.kind == JsonValue::Kind::kNull) {
      return absl::OkStatus();
    }
    if (field == "tiered_pricing") {
      return ReadTiered(value, draft);
    }
    if (field == "search_context_cost_per_query" && value.is_object()) {
      return ReadSearches(value, draft);
    }
    const FieldName name = ParseName(field);
    if (CountVariant(name) || CountOffPeak(field)) {
      return absl::OkStatus();
    }
    if (FieldFor(name.price).empty()) {
      if (IsPriceLike(field)) {
        other_prices_.Add(field);
      }
      return absl::OkStatus();
    }
    return ReadPriceField(field, name.price, name.over, value, draft);
  }

  bool CountVariant(const FieldName& name) {
    if (!name.flex && !name.priority && !name.batch) {
      return false;
    }
    ++(name.batch ? batch_ : name.flex ? flex_ : priority_);
    return true;
  }

  bool CountOffPeak(absl::string_view field) {
    const bool off_peak = absl::StrContains(field, "off_peak");
    off_peak_ += off_peak ? 1 : 0;
    return off_peak;
  }

  // Sets the price in the base or the tier that `over` says.
  absl::Status ReadPriceField(absl::string_view field, absl::string_view price_name, int64_t over,
                              const JsonValue& value, Draft* draft) {
    const absl::StatusOr<Price> price = ReadPrice(value, PricedUnits::kOne);
    if (!price.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("Model ", Quoted(draft->name), ": field ",
                                                     Quoted(field), " ", price.status().message(),
                                                     "."));
    }
    if (!Outranks(price_name, over, draft)) {
      return absl::OkStatus();
    }
    rounded_ += price->rounded ? 1 : 0;
    const absl::string_view ours = FieldFor(price_name);
    if (over == 0) {
      SetPrice(ours, price->picos, draft->rate.mutable_prices());
    } else {
      draft->tiers.Set(Threshold(over, *draft), ours, price->picos);
    }
    return absl::OkStatus();
  }

  static bool Outranks(absl::string_view price_name, int64_t over, Draft* draft) {
    size_t rank = 1;
    while (kFields[rank - 1].first != price_name) {
      ++rank;
    }
    size_t& used = draft->rank[{FieldFor(price_name), over}];
    if (rank < used) {
      return false;
    }
    used = rank;
    return true;
  }

  // xAI's prices hold from the threshold on, all others above it.
  static int64_t Threshold(int64_t over, const Draft& draft) {
    return draft.rate.provider() == "xai" ? over - 1 : over;
  }

  absl::Status ReadSearches(const JsonValue& sizes, Draft* draft) {
    const JsonValue* medium = sizes.Find("search_context_size_medium");
    if (medium == nullptr) {
      other_prices_.Add("search_context_cost_per_query");
      return absl::OkStatus();
    }
    for (const JsonMember& size : sizes.members) {
      if (size.value.text != medium->text) {
        ++searches_by_size_;
        break;
      }
    }
    return ReadPriceField("search_context_cost_per_query", "search_context_size_medium", 0, *medium,
                          draft);
  }

  absl::Status ReadTiered(const JsonValue& tiers, Draft* draft) {
    for (const JsonValue& tier : tiers.items) {
      const JsonValue* range = tier.Find("range");
      if (range == nullptr || range->items.empty()) {
        other_prices_.Add("tiered_pricing without range");
        continue;
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

  absl::Status ReadTier(const JsonValue& tier, int64_t over, Draft* draft) {
    for (const JsonMember& field : tier.members) {
      if (!FieldFor(field.name).empty()) {
        RETURN_IF_ERROR(ReadPriceField(field.name, field.name, over, field.value, draft));
      }
    }
    return absl::OkStatus();
  }

  void WarnIf(bool condition, const std::string& sentence) {
    if (condition) {
      import_.warnings.push_back(sentence + ".");
    }
  }

  void Warn() {
    WarnIf(!other_modes_.empty(),
           absl::StrCat("Left out ", Counted(other_modes_.total(), "model"),
                        " of modes that are not billed by token: ", other_modes_.ToString()));
    WarnIf(without_price_ > 0, absl::StrCat("Left out ", Counted(without_price_, "model"),
                                            " without a price per token"));
    WarnIf(batch_ > 0, absl::StrCat("Ignored ", Counted(batch_, "batch price")));
    WarnIf(flex_ > 0,
           absl::StrCat("Ignored ", Counted(flex_, "price"), " of the flex service tier"));
    WarnIf(priority_ > 0,
           absl::StrCat("Ignored ", Counted(priority_, "price"), " of the priority service tier"));
    WarnIf(off_peak_ > 0,
           absl::StrCat("Ignored the off-peak prices of ", Counted(off_peak_, "model")));
    WarnIf(searches_by_size_ > 0,
           absl::StrCat("Took the medium context size for the web searches of ",
                        Counted(searches_by_size_, "model"), " whose price depends on it"));
    WarnIf(rounded_ > 0,
           absl::StrCat("Rounded ", Counted(rounded_, "price"), " to 10^-12 USD a token"));
    WarnIf(!other_prices_.empty(),
           absl::StrCat("Ignored prices of other kinds: ", other_prices_.ToString()));
  }

  RateImportOptions options_;
  RateImport import_;
  Tally other_modes_;
  Tally other_prices_;
  int64_t without_price_ = 0;
  int64_t batch_ = 0;
  int64_t flex_ = 0;
  int64_t priority_ = 0;
  int64_t off_peak_ = 0;
  int64_t searches_by_size_ = 0;
  int64_t rounded_ = 0;
};

}  // namespace

absl::StatusOr<RateImport> ParseLiteLlm(const JsonValue& root, const RateImportOptions& options) {
  return LiteLlmReader(options).Read(root);
}

}  // namespace itemized::client
