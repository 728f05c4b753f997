// SPDX-License-Identifier: Apache-2.0
#include "storage/query/cheaper_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "storage/pricing/provider_names.h"

namespace itemized {
namespace {

// Words for the smaller models of a family, and for models that do something else than answer a
// text with a text.
constexpr absl::string_view kSmallWords[] = {"haiku", "mini", "flash", "nano", "lite", "small"};
constexpr absl::string_view kOtherWords[] = {"audio",  "realtime",  "tts",    "transcribe", "image",
                                             "search", "embedding", "native", "live",       "omni"};

template <typename Words>
bool HasWordOf(absl::string_view model, const Words& wanted) {
  for (const absl::string_view word : absl::StrSplit(model, absl::ByAnyChar("-_./: @"))) {
    if (std::find(std::begin(wanted), std::end(wanted), word) != std::end(wanted)) {
      return true;
    }
  }
  return false;
}

// Adds the names, or beginnings of names, that a match is for.
void AddNames(const ModelMatch& match, std::vector<std::string>* names) {
  if (match.kind == ModelMatch::Kind::kEquals || match.kind == ModelMatch::Kind::kStartsWith) {
    names->push_back(match.text);
  } else if (match.kind == ModelMatch::Kind::kAnyOf) {
    for (const ModelMatch& part : match.parts) {
      AddNames(part, names);
    }
  }
}

// The part of a name that models of one maker share: "claude", or "anthropic/" where a gateway has
// models of many makers.
absl::string_view MakerPart(absl::string_view model) {
  const size_t slash = model.find('/');
  return slash != absl::string_view::npos ? model.substr(0, slash + 1)
                                          : model.substr(0, model.find('-'));
}

}  // namespace

bool IsSmallModel(absl::string_view model) {
  return HasWordOf(model, kSmallWords);
}

CheaperModels::CheaperModels(std::shared_ptr<const RateBook> book, int64_t time_us)
    : book_(std::move(book)), time_us_(time_us) {
  for (const Rate& rate : book_->List()) {
    if (rate.is_multiplier() || rate.is_exchange() || !rate.service_tier.empty() ||
        !rate.region.empty() || !rate.attribute_key.empty()) {
      continue;
    }
    std::vector<std::string> names;
    AddNames(rate.match, &names);
    for (std::string& name : names) {
      if (IsSmallModel(name) && !HasWordOf(name, kOtherWords)) {
        candidates_.push_back({.provider = rate.provider, .model = std::move(name)});
      }
    }
  }
}

std::optional<Picos> CheaperModels::PriceOf(const std::string& provider,
                                            const std::string& model) const {
  Usage usage;
  usage[UsageClass::kInput] = 4;
  usage[UsageClass::kOutput] = 1;
  return PriceUsage(book_->Find(provider, model).TermsAt(time_us_), usage);
}

std::string CheaperModels::For(const std::string& provider, const std::string& model) const {
  const std::optional<Picos> now = PriceOf(provider, model);
  std::string best;
  Picos best_price = 0;
  if (!now.has_value() || IsSmallModel(model)) {
    return best;
  }
  for (const Candidate& candidate : candidates_) {
    const bool is_of_provider =
        candidate.provider.empty() || IsSameProvider(candidate.provider, provider);
    if (!is_of_provider || MakerPart(candidate.model) != MakerPart(model)) {
      continue;
    }
    const std::optional<Picos> price = PriceOf(provider, candidate.model);
    if (price.has_value() && *price * 2 <= *now && *price > best_price) {
      best = candidate.model;
      best_price = *price;
    }
  }
  return best;
}

}  // namespace itemized
