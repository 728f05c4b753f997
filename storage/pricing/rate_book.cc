// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_book.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/name_forms.h"
#include "storage/pricing/provider_names.h"

namespace itemized {
namespace {

// A rate for a gateway is for calls that name the gateway, and not for those of any provider.
std::string ProviderOf(const Rate& rate) {
  std::string canonical = CanonicalProvider(rate.provider);
  return canonical.empty() ? absl::AsciiStrToLower(rate.provider) : canonical;
}

}  // namespace

CheckedRate::CheckedRate(Rate rate)
    : rate_(std::move(rate)),
      key_(RateKey(rate_)),
      provider_(ProviderOf(rate_)),
      match_(rate_.match) {}

absl::StatusOr<CheckedRatePtr> CheckedRate::Make(Rate rate) {
  RETURN_IF_ERROR(ValidateRate(rate));
  return std::make_shared<const CheckedRate>(std::move(rate));
}

absl::Status CheckRateCount(size_t count) {
  if (count > kRatesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("That makes ", count, " rates; the rate book holds at most ", kRatesMax,
                     ". Set those of the models that you use."));
  }
  return absl::OkStatus();
}

namespace {

// The keys must stay few: each call of a batch is searched for them.
absl::Status CheckContract(const Rate& rate, const Contracts& contracts) {
  if (rate.attribute_key.empty() || contracts.HasKey(rate.attribute_key) ||
      contracts.keys() < kContractKeysMax) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Rates of the book are for attributes of ", kContractKeysMax,
                   " keys already; use one of those instead of ", Quoted(rate.attribute_key), "."));
}

bool IsExact(const CheckedRate& rate) {
  return rate.rate().match.kind == ModelMatch::Kind::kEquals;
}

// Returns under what a rate is looked for.
const std::string& TextOf(const CheckedRate& rate) {
  return IsExact(rate) ? rate.rate().match.text : rate.provider();
}

}  // namespace

absl::StatusOr<bool> RateBook::Set(Rate rate) {
  ASSIGN_OR_RETURN(CheckedRatePtr checked, CheckedRate::Make(std::move(rate)));
  return Set(std::move(checked));
}

absl::StatusOr<bool> RateBook::Set(CheckedRatePtr rate) {
  const auto found = rates_.find(rate->key());
  const bool replaced = found != rates_.end();
  CompiledMatch::Effort effort = effort_;
  effort.Add(rate->match().effort());
  if (replaced) {  // The new rate has an equal match and contract.
    Remove(rate->key());
  } else {
    RETURN_IF_ERROR(CheckRateCount(rates_.size() + 1));
    RETURN_IF_ERROR(CheckEffort(effort));
    RETURN_IF_ERROR(CheckContract(rate->rate(), contracts_));
  }
  Enter(*rate);
  rates_[rate->key()] = std::move(rate);
  return replaced;
}

void RateBook::Enter(const CheckedRate& rate) {
  ListOf(rate).push_back(&rate);
  effort_.Add(rate.match().effort());
  if (!rate.rate().attribute_key.empty()) {
    contracts_.Add(rate.rate().attribute_key, rate.rate().attribute_value);
  }
}

CheckedRatePtr RateBook::Remove(const std::string& key) {
  const auto found = rates_.find(key);
  if (found == rates_.end()) {
    return nullptr;
  }
  CheckedRatePtr removed = std::move(found->second);
  const CheckedRate& rate = *removed;
  Rates& list = ListOf(rate);
  list.erase(std::find(list.begin(), list.end(), &rate));
  if (list.empty()) {
    TextsOf(rate).erase(TextOf(rate));
  }
  if (!rate.rate().attribute_key.empty()) {
    contracts_.Remove(rate.rate().attribute_key, rate.rate().attribute_value);
  }
  effort_.Add(rate.match().effort(), -1);
  rates_.erase(found);
  return removed;
}

RateBook::RatesByText& RateBook::TextsOf(const CheckedRate& rate) {
  if (rate.rate().is_exchange()) {
    return exchanges_;
  }
  return IsExact(rate) ? exact_ : patterns_;
}

const Rate* RateBook::Get(const std::string& key) const {
  const auto found = rates_.find(key);
  return found == rates_.end() ? nullptr : &found->second->rate();
}

RateBook::Rates& RateBook::ListOf(const CheckedRate& rate) {
  return TextsOf(rate)[TextOf(rate)];
}

// Returns the rates that match, in the order of the book; those that match several forms of the
// names once, for the first.
std::vector<RateCandidate> RateBook::CandidatesFor(absl::string_view provider,
                                                   absl::string_view model) const {
  absl::flat_hash_set<const CheckedRate*> seen;
  std::vector<std::pair<const CheckedRate*, RateCandidate>> found;
  const std::vector<NameForm> forms = FormsOf(provider, model);
  for (size_t form = 0; form < forms.size(); ++form) {
    const auto add_from = [&](const RatesByText& lists, absl::string_view text) {
      const auto list = lists.find(text);
      if (list == lists.end()) {
        return;
      }
      for (const CheckedRate* rate : list->second) {
        const bool is_for = rate->provider().empty() || rate->provider() == forms[form].provider;
        const size_t specificity = is_for ? rate->match().Specificity(forms[form].model) : 0;
        if (specificity > 0 && seen.insert(rate).second) {
          found.emplace_back(rate, RateCandidate{&rate->rate(), form, specificity});
        }
      }
    };
    add_from(exact_, forms[form].model);
    add_from(patterns_, "");
    if (!forms[form].provider.empty()) {
      add_from(patterns_, forms[form].provider);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first->key() < b.first->key(); });
  std::vector<RateCandidate> candidates;
  for (const auto& [rate, candidate] : found) {
    candidates.push_back(candidate);
  }
  return candidates;
}

bool RateBook::Covers(absl::string_view provider, absl::string_view model) const {
  return !CandidatesFor(provider, model).empty();
}

RateBook::Bundled RateBook::bundled() const {
  Bundled found;
  for (const auto& [key, rate] : rates_) {
    if (rate->rate().origin == RateOrigin::kBundled) {
      ++found.rates;
      found.source = rate->rate().source;
    }
  }
  return found;
}

bool RateBook::HasPrices(absl::string_view provider, absl::string_view model) const {
  const std::vector<RateCandidate> candidates = CandidatesFor(provider, model);
  return std::any_of(candidates.begin(), candidates.end(), [](const RateCandidate& candidate) {
    return candidate.rate->multiplier_ppm == 0;
  });
}

bool RateBook::CoversCurrency(absl::string_view provider, absl::string_view model,
                              const RateBook& exchanges) const {
  const std::vector<RateCandidate> candidates = CandidatesFor(provider, model);
  return std::any_of(candidates.begin(), candidates.end(), [&](const RateCandidate& candidate) {
    return exchanges.exchanges_.contains(candidate.rate->currency);
  });
}

namespace {

bool IsByInstant(const RateCandidate& a, const RateCandidate& b) {
  return a.rate->effective_from_us < b.rate->effective_from_us;
}

// Returns which contract of the call a rate is for, from 1; 0 if it is for any call; nothing if it
// is for other calls.
std::optional<size_t> ContractOf(const Rate& rate, const ServedAs& served) {
  if (rate.attribute_key.empty()) {
    return 0;
  }
  const auto& contracts = served.contracts;
  const auto found = std::find(contracts.begin(), contracts.end(),
                               Contract(rate.attribute_key, rate.attribute_value));
  return found == contracts.end()
             ? std::nullopt
             : std::optional<size_t>(static_cast<size_t>(found - contracts.begin()) + 1);
}

bool IsConditional(const RateCandidate& candidate) {
  return candidate.rate->is_multiplier() || !candidate.rate->attribute_key.empty();
}

}  // namespace

RateBook::Schedule RateBook::Find(absl::string_view provider, absl::string_view model,
                                  const ServedAs& served) const {
  std::vector<RateCandidate> candidates = CandidatesFor(provider, model);
  std::stable_sort(candidates.begin(), candidates.end(), IsByInstant);
  // Where there are only plain prices, those for other calls than these cannot hold.
  const bool conditional = std::any_of(candidates.begin(), candidates.end(), IsConditional);
  Schedule schedule(served);
  for (const RateCandidate& candidate : candidates) {
    const Rate& rate = *candidate.rate;
    const std::optional<size_t> contract = ContractOf(rate, served);
    const bool of_tier = rate.service_tier == served.service_tier;
    const bool of_region = rate.region == served.region;
    const bool is_for =
        (of_tier || rate.service_tier.empty()) && (of_region || rate.region.empty());
    if (contract.has_value() && is_for && (conditional || (of_tier && of_region))) {
      schedule.Add({.contract = *contract,
                    .tier = !rate.service_tier.empty(),
                    .region = !rate.region.empty(),
                    .multiplies = rate.is_multiplier()},
                   candidate);
    }
  }
  AddExchanges(candidates, &schedule);
  return schedule;
}

void RateBook::AddExchanges(const std::vector<RateCandidate>& candidates,
                            Schedule* schedule) const {
  absl::flat_hash_set<std::string> added;
  for (const RateCandidate& candidate : candidates) {
    const auto list = exchanges_.find(candidate.rate->currency);
    if (list == exchanges_.end() || !added.insert(list->first).second) {
      continue;
    }
    std::vector<RateCandidate> rates;
    for (const CheckedRate* rate : list->second) {
      rates.push_back({.rate = &rate->rate()});
    }
    std::sort(rates.begin(), rates.end(), IsByInstant);  // No two are of one instant.
    for (const RateCandidate& rate : rates) {
      schedule->AddExchange(rate);
    }
  }
}

std::vector<Rate> RateBook::List() const {
  std::vector<Rate> list;
  list.reserve(rates_.size());
  for (const auto& [key, rate] : rates_) {
    list.push_back(rate->rate());
  }
  return list;
}

namespace {

void AddNames(const ModelMatch& match, std::vector<std::string>* names) {
  if (match.kind == ModelMatch::Kind::kEquals || match.kind == ModelMatch::Kind::kStartsWith) {
    names->push_back(match.text);
  }
  if (match.kind == ModelMatch::Kind::kAnyOf) {
    for (const ModelMatch& part : match.parts) {
      AddNames(part, names);
    }
  }
}

}  // namespace

std::vector<std::string> RateBook::Names() const {
  std::vector<std::string> names;
  for (const auto& [key, rate] : rates_) {
    if (!rate->rate().is_exchange() && !rate->rate().is_multiplier()) {
      AddNames(rate->rate().match, &names);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace itemized
