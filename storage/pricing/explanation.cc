// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/explanation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/time.h"
#include "storage/base/usage_classes.h"

namespace itemized {
namespace {

constexpr char kNoRateForModel[] = "no rate for the model";

std::string ClassName(size_t price_class) {
  return price_class == kRequestPrice ? "request" : std::string(kUsageClasses[price_class].count);
}

// Says which of tier and region the call has no price for, given that it would have one without.
std::string WhyNotServed(const RateBook& book, const Call& call, const ServedAs& served) {
  const auto has_price = [&](absl::string_view tier, absl::string_view region) {
    ServedAs as = served;
    as.service_tier = tier;
    as.region = region;
    return book.Find(call.provider, call.model, as).TermsAt(call.time_us).base.rate != nullptr;
  };
  const std::string tier = absl::StrCat("service tier ", std::string(served.service_tier));
  const std::string region = absl::StrCat("region ", std::string(served.region));
  if (served.region.empty()) {
    return tier;
  }
  if (served.service_tier.empty() || has_price(served.service_tier, "")) {
    return region;
  }
  return has_price("", served.region) ? tier : absl::StrCat(tier, " in ", region);
}

std::string WhyNoRate(const RateBook& book, const Call& call, const ServedAs& served) {
  if (!book.HasPrices(call.provider, call.model)) {
    return kNoRateForModel;
  }
  ServedAs standard = served;
  standard.service_tier = "";
  standard.region = "";
  const RateBook::Schedule plain = book.Find(call.provider, call.model, standard);
  const bool is_elsewhere = !served.service_tier.empty() || !served.region.empty();
  if (is_elsewhere && plain.TermsAt(call.time_us).base.rate != nullptr) {
    return absl::StrCat("no rate for ", WhyNotServed(book, call, served));
  }
  const bool has_any = book.Find(call.provider, call.model, served).has_prices();
  if (has_any || plain.has_prices()) {
    return "no rate at that time";
  }
  return is_elsewhere ? absl::StrCat("no rate for ", WhyNotServed(book, call, served))
                      : "no rate for standard calls";
}

std::string WhyNoSum(const Terms& terms, const std::vector<BilledLine>& lines) {
  if (terms.has_no_exchange) {
    return absl::StrCat("no exchange rate for ", terms.base.rate->currency);
  }
  std::vector<std::string> missing;
  for (const BilledLine& line : lines) {
    if (!line.price.has_value()) {
      missing.push_back(ClassName(line.price_class));
    }
  }
  return missing.empty() ? "a cost beyond 9,223,372 USD"
                         : absl::StrCat("no price for ", absl::StrJoin(missing, ", "));
}

FoundRate Found(const RateCandidate& candidate, const std::vector<NameForm>& forms) {
  return {.rate = *candidate.rate, .form = forms[candidate.form]};
}

void AddParts(const Terms& terms, const Call& call, PriceExplanation* explanation) {
  const std::vector<NameForm> forms = FormsOf(call.provider, call.model);
  explanation->base = Found(terms.base, forms);
  if (terms.exchange != nullptr) {
    explanation->exchange = *terms.exchange;
  }
  for (const RateCandidate& multiplier : terms.multipliers) {
    explanation->multipliers.push_back(Found(multiplier, forms));
  }
  if (const RateTier* tier =
          call.usage.has_value() ? TierOf(*terms.base.rate, *call.usage) : nullptr) {
    explanation->tier_input_tokens_over = tier->input_tokens_over;
  }
}

}  // namespace

ServedAs ServedOf(const Call& call, const Contracts& contracts) {
  ServedAs served;
  for (const auto& [key, value] : call.attributes) {
    served.Note(key, value, contracts);
  }
  return served;
}

PriceExplanation ExplainPrice(const RateBook& book, const Call& call) {
  const ServedAs served = ServedOf(call, book.contracts());
  PriceExplanation explanation;
  explanation.service_tier = std::string(served.service_tier);
  explanation.region = std::string(served.region);
  for (const auto& [key, value] : served.contracts) {
    explanation.contracts.emplace_back(key, value);
  }
  const RateBook::Schedule schedule = book.Find(call.provider, call.model, served);
  const Terms terms = schedule.TermsAt(call.time_us);
  if (terms.base.rate != nullptr) {
    AddParts(terms, call, &explanation);
  }
  if (!call.usage.has_value()) {
    // A call that failed and used nothing is free, as Pricer::WithoutUsage has it.
    if (call.status == CallStatus::kError && !call.usage_unknown) {
      explanation.cost = 0;
    } else {
      explanation.unpriced_reason = "no usage";
    }
    return explanation;
  }
  if (terms.base.rate == nullptr) {
    explanation.unpriced_reason = WhyNoRate(book, call, served);
    return explanation;
  }
  explanation.lines = LinesOf(terms, *call.usage);
  explanation.cost = PriceUsage(terms, *call.usage);
  if (!explanation.cost.has_value() || *explanation.cost > Picos(INT64_MAX)) {
    explanation.cost.reset();
    explanation.unpriced_reason = WhyNoSum(terms, explanation.lines);
  }
  return explanation;
}

std::string UnpricedReasons::Of(const Call& call) {
  const auto [covered, inserted] = covered_.try_emplace({call.provider, call.model});
  if (inserted) {
    covered->second = book_->Covers(call.provider, call.model);
  }
  return covered->second || !call.usage.has_value() ? ExplainPrice(*book_, call).unpriced_reason
                                                    : kNoRateForModel;
}

}  // namespace itemized
