// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_book.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

absl::Status ValidatePrices(const Prices& prices, absl::string_view where) {
  bool any = false;
  for (const std::optional<int64_t>& price : prices) {
    any = any || price.has_value();
    if (price && (*price < 0 || *price > kPriceMaxPicos)) {
      return absl::InvalidArgumentError(absl::StrCat("A price ", where, " is ", FormatUsd(*price),
                                                     " USD a unit; it must be from 0 to ",
                                                     FormatUsd(kPriceMaxPicos), "."));
    }
  }
  if (!any) {
    return absl::InvalidArgumentError(
        absl::StrCat("There is no price ", where, "; set at least one, 0 if it is free."));
  }
  return absl::OkStatus();
}

absl::Status ValidateTiers(const std::vector<RateTier>& tiers) {
  if (tiers.size() > kTiersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("There are ", tiers.size(), " tiers; give at most ", kTiersMax, "."));
  }
  int64_t last = -1;
  for (const RateTier& tier : tiers) {
    if (tier.input_tokens_over <= last) {
      return absl::InvalidArgumentError(
          absl::StrCat("The input_tokens_over of a tier is ", tier.input_tokens_over,
                       "; it must not be negative and must rise from tier to tier."));
    }
    last = tier.input_tokens_over;
    RETURN_IF_ERROR(
        ValidatePrices(tier.prices, absl::StrCat("in the tier over ", last, " input tokens")));
  }
  return absl::OkStatus();
}

absl::Status ValidateLength(absl::string_view text, size_t max, absl::string_view what) {
  if (text.size() > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("The ", what, " has ", text.size(), " bytes; give at most ", max, "."));
  }
  return absl::OkStatus();
}

absl::Status ValidateInstant(int64_t effective_from_us) {
  if (effective_from_us < kTimeMinUs || effective_from_us > kTimeMaxUs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The effective instant ", effective_from_us,
        " is out of range; give microseconds since 1970-01-01 UTC, before the year 2200."));
  }
  return absl::OkStatus();
}

absl::Status ValidateParts(const Rate& rate) {
  RETURN_IF_ERROR(ValidateLength(rate.provider, kNameBytesMax, "provider"));
  RETURN_IF_ERROR(ValidateLength(rate.source, kSourceBytesMax, "source"));
  RETURN_IF_ERROR(ValidateInstant(rate.effective_from_us));
  RETURN_IF_ERROR(ValidatePrices(rate.prices, "outside the tiers"));
  return ValidateTiers(rate.tiers);
}

absl::Status CheckEffort(const CompiledMatch::Effort& effort) {
  if (effort.leaves > kMatchLeavesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("The names and patterns of all rates of the book together would be over ",
                     kMatchLeavesMax, "; set fewer rates."));
  }
  if (effort.searches > kMatchSearchesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("Over ", kMatchSearchesMax,
                     " texts and regular expressions of the book would be searched for anywhere in "
                     "a name; use equals, starts_with or ends_with."));
  }
  if (effort.instructions > kMatchInstructionsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The regular expressions of the book together would have over ", kMatchInstructionsMax,
        " instructions; write simpler ones, or use equals, starts_with or ends_with."));
  }
  return absl::OkStatus();
}

struct Candidate {
  const Rate* rate = nullptr;
  size_t specificity = 0;

  // The candidate of the greatest rank is the best; equal ones keep the order of the book.
  auto Rank() const {
    return std::make_tuple(!rate->provider.empty(), specificity, rate->effective_from_us);
  }
};

}  // namespace

absl::Status ValidateRate(const Rate& rate) {
  RETURN_IF_ERROR(rate.match.Validate());
  RETURN_IF_ERROR(ValidateParts(rate));
  // A rate that even an empty book has no room for is refused at once.
  return CheckEffort(CompiledMatch(rate.match).effort());
}

CheckedRate::CheckedRate(Rate rate)
    : rate_(std::move(rate)), key_(RateKey(rate_)), match_(rate_.match) {}

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

bool IsExact(const CheckedRate& rate) {
  return rate.rate().match.kind == ModelMatch::Kind::kEquals;
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
  if (replaced) {  // The new rate has an equal match.
    Remove(rate->key());
  } else {
    RETURN_IF_ERROR(CheckRateCount(rates_.size() + 1));
    RETURN_IF_ERROR(CheckEffort(effort));
  }
  (IsExact(*rate) ? exact_[rate->rate().match.text] : patterns_).push_back(rate.get());
  effort_.Add(rate->match().effort());
  rates_[rate->key()] = std::move(rate);
  return replaced;
}

CheckedRatePtr RateBook::Remove(const std::string& key) {
  const auto found = rates_.find(key);
  if (found == rates_.end()) {
    return nullptr;
  }
  CheckedRatePtr removed = std::move(found->second);
  const CheckedRate& rate = *removed;
  const auto exact = exact_.find(rate.rate().match.text);
  Candidates& list = IsExact(rate) ? exact->second : patterns_;
  list.erase(std::find(list.begin(), list.end(), &rate));
  if (IsExact(rate) && list.empty()) {
    exact_.erase(exact);
  }
  effort_.Add(rate.match().effort(), -1);
  rates_.erase(found);
  return removed;
}

// Returns the rates that match, in the order of the book.
RateBook::Candidates RateBook::CandidatesFor(absl::string_view provider,
                                             absl::string_view model) const {
  const auto is_for = [&](const CheckedRate* rate) {
    return rate->rate().provider.empty() || rate->rate().provider == provider;
  };
  Candidates candidates;
  if (const auto exact = exact_.find(model); exact != exact_.end()) {
    std::copy_if(exact->second.begin(), exact->second.end(), std::back_inserter(candidates),
                 is_for);
  }
  std::copy_if(patterns_.begin(), patterns_.end(), std::back_inserter(candidates),
               [&](const CheckedRate* rate) {
                 return is_for(rate) && rate->match().Specificity(model) > 0;
               });
  std::sort(candidates.begin(), candidates.end(),
            [](const CheckedRate* a, const CheckedRate* b) { return a->key() < b->key(); });
  return candidates;
}

RateBook::Schedule RateBook::Find(absl::string_view provider, absl::string_view model) const {
  std::vector<Candidate> candidates;
  for (const CheckedRate* rate : CandidatesFor(provider, model)) {
    candidates.push_back({&rate->rate(), rate->match().Specificity(model)});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.rate->effective_from_us < b.rate->effective_from_us;
  });
  Schedule schedule;
  Candidate best;
  for (const Candidate& candidate : candidates) {
    if (best.rate != nullptr && candidate.Rank() <= best.Rank()) {
      continue;
    }
    best = candidate;
    schedule.Append(*candidate.rate);
  }
  return schedule;
}

void RateBook::Schedule::Append(const Rate& rate) {
  if (!from_us_.empty() && from_us_.back() == rate.effective_from_us) {
    rates_.back() = &rate;
    return;
  }
  rates_.push_back(&rate);
  from_us_.push_back(rate.effective_from_us);
}

const Rate* RateBook::Schedule::At(int64_t time_us) const {
  const auto next = std::upper_bound(from_us_.begin(), from_us_.end(), time_us);
  if (next == from_us_.begin()) {
    return nullptr;
  }
  return rates_[static_cast<size_t>(next - from_us_.begin()) - 1];
}

std::vector<Rate> RateBook::List() const {
  std::vector<Rate> list;
  list.reserve(rates_.size());
  for (const auto& [key, rate] : rates_) {
    list.push_back(rate->rate());
  }
  return list;
}

}  // namespace itemized
