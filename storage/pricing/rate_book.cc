// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_book.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "storage/pricing/name_forms.h"
#include "storage/pricing/provider_names.h"

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

absl::Status ValidateHours(const HoursOfDay& hours) {
  constexpr int32_t kSecondsPerDay = 24 * 60 * 60;
  for (const int32_t second : {hours.from_s, hours.to_s}) {
    if (second < 0 || second >= kSecondsPerDay) {
      return absl::InvalidArgumentError(absl::StrCat("The hours of the day reach to second ",
                                                     second, "; give seconds from 0 to ",
                                                     kSecondsPerDay - 1, ", and 0 for midnight."));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateParts(const Rate& rate) {
  RETURN_IF_ERROR(ValidateLength(rate.provider, kNameBytesMax, "provider"));
  RETURN_IF_ERROR(ValidateLength(rate.source, kSourceBytesMax, "source"));
  RETURN_IF_ERROR(ValidateLength(rate.note, kSourceBytesMax, "note"));
  RETURN_IF_ERROR(ValidateInstant(rate.effective_from_us));
  RETURN_IF_ERROR(ValidateHours(rate.hours));
  RETURN_IF_ERROR(ValidateLength(rate.service_tier, kNameBytesMax, "service tier"));
  RETURN_IF_ERROR(ValidateLength(rate.region, kNameBytesMax, "region"));
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

}  // namespace

absl::Status ValidateRate(const Rate& rate) {
  RETURN_IF_ERROR(rate.match.Validate());
  RETURN_IF_ERROR(ValidateParts(rate));
  // A rate that even an empty book has no room for is refused at once.
  return CheckEffort(CompiledMatch(rate.match).effort());
}

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
  if (replaced) {  // The new rate has an equal match.
    Remove(rate->key());
  } else {
    RETURN_IF_ERROR(CheckRateCount(rates_.size() + 1));
    RETURN_IF_ERROR(CheckEffort(effort));
  }
  ListOf(*rate).push_back(rate.get());
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
  Rates& list = ListOf(rate);
  list.erase(std::find(list.begin(), list.end(), &rate));
  if (list.empty()) {
    (IsExact(rate) ? exact_ : patterns_).erase(TextOf(rate));
  }
  effort_.Add(rate.match().effort(), -1);
  rates_.erase(found);
  return removed;
}

const Rate* RateBook::Get(const std::string& key) const {
  const auto found = rates_.find(key);
  return found == rates_.end() ? nullptr : &found->second->rate();
}

RateBook::Rates& RateBook::ListOf(const CheckedRate& rate) {
  return (IsExact(rate) ? exact_ : patterns_)[TextOf(rate)];
}

// Returns the rates that match, in the order of the book; those that match several forms of the
// names once, for the first.
std::vector<RateBook::Schedule::Candidate> RateBook::CandidatesFor(absl::string_view provider,
                                                                   absl::string_view model) const {
  absl::flat_hash_set<const CheckedRate*> seen;
  std::vector<std::pair<const CheckedRate*, Schedule::Candidate>> found;
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
          found.emplace_back(rate, Schedule::Candidate{&rate->rate(), form, specificity});
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
  std::vector<Schedule::Candidate> candidates;
  for (const auto& [rate, candidate] : found) {
    candidates.push_back(candidate);
  }
  return candidates;
}

bool RateBook::Covers(absl::string_view provider, absl::string_view model) const {
  return !CandidatesFor(provider, model).empty();
}

RateBook::Schedule RateBook::Find(absl::string_view provider, absl::string_view model,
                                  const ServedAs& served) const {
  std::vector<Schedule::Candidate> candidates = CandidatesFor(provider, model);
  std::erase_if(candidates, [&](const Schedule::Candidate& candidate) {
    return candidate.rate->service_tier != served.service_tier ||
           candidate.rate->region != served.region;
  });
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.rate->effective_from_us < b.rate->effective_from_us;
  });
  Schedule schedule;
  const Schedule::Candidate* best = nullptr;
  for (const Schedule::Candidate& candidate : candidates) {
    if (!candidate.rate->hours.is_whole_day()) {
      schedule.by_hour_.push_back(candidate);
    } else if (best == nullptr || candidate.Rank() > best->Rank()) {
      best = &candidate;
      schedule.Append(candidate);
    }
  }
  return schedule;
}

std::tuple<bool, size_t, bool, size_t, int64_t, bool> RateBook::Schedule::Candidate::Rank() const {
  return {rate->origin == RateOrigin::kUser, SIZE_MAX - form,
          !rate->provider.empty(),           specificity,
          rate->effective_from_us,           !rate->hours.is_whole_day()};
}

void RateBook::Schedule::Append(const Candidate& candidate) {
  const int64_t from_us = candidate.rate->effective_from_us;
  if (!from_us_.empty() && from_us_.back() == from_us) {
    all_day_.back() = candidate;
    return;
  }
  all_day_.push_back(candidate);
  from_us_.push_back(from_us);
}

const Rate* RateBook::Schedule::At(int64_t time_us) const {
  const auto next = std::upper_bound(from_us_.begin(), from_us_.end(), time_us);
  const Candidate* best = next == from_us_.begin()
                              ? nullptr
                              : &all_day_[static_cast<size_t>(next - from_us_.begin()) - 1];
  for (const Candidate& candidate : by_hour_) {
    if (candidate.rate->effective_from_us <= time_us && candidate.rate->hours.Contains(time_us) &&
        (best == nullptr || candidate.Rank() > best->Rank())) {
      best = &candidate;
    }
  }
  return best == nullptr ? nullptr : best->rate;
}

bool HoursOfDay::Contains(int64_t time_us) const {
  const int64_t time_s = time_us % kMicrosPerDay / kMicrosPerSecond;
  return is_whole_day() ||
         (from_s < to_s ? time_s >= from_s && time_s < to_s : time_s >= from_s || time_s < to_s);
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
