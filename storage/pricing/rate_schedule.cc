// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_schedule.h"

#include <algorithm>

#include "storage/base/time.h"

namespace itemized {
namespace {

// Returns the first instant from `time_us` on that lies within `hours`.
int64_t FirstWithin(const HoursOfDay& hours, int64_t time_us) {
  if (hours.Contains(time_us)) {
    return time_us;
  }
  const int64_t begin_us =
      time_us / kMicrosPerDay * kMicrosPerDay + hours.from_s * kMicrosPerSecond;
  return begin_us >= time_us ? begin_us : begin_us + kMicrosPerDay;
}

}  // namespace

bool HoursOfDay::Contains(int64_t time_us) const {
  const int64_t time_s = time_us % kMicrosPerDay / kMicrosPerSecond;
  return is_whole_day() ||
         (from_s < to_s ? time_s >= from_s && time_s < to_s : time_s >= from_s || time_s < to_s);
}

std::tuple<bool, size_t, bool, size_t, int64_t, bool> RateCandidate::Rank() const {
  return {rate->origin == RateOrigin::kUser, SIZE_MAX - form,
          !rate->provider.empty(),           specificity,
          rate->effective_from_us,           !rate->hours.is_whole_day()};
}

void RateTimeline::Add(const RateCandidate& candidate) {
  if (!candidate.rate->hours.is_whole_day()) {
    by_hour_.push_back(candidate);
    return;
  }
  if (!all_day_.empty() && candidate.Rank() <= all_day_.back().Rank()) {
    return;
  }
  const int64_t from_us = candidate.rate->effective_from_us;
  if (!from_us_.empty() && from_us_.back() == from_us) {
    all_day_.back() = candidate;
    return;
  }
  all_day_.push_back(candidate);
  from_us_.push_back(from_us);
}

const RateCandidate* RateTimeline::At(int64_t time_us) const {
  const auto next = std::upper_bound(from_us_.begin(), from_us_.end(), time_us);
  const RateCandidate* best = next == from_us_.begin()
                                  ? nullptr
                                  : &all_day_[static_cast<size_t>(next - from_us_.begin()) - 1];
  for (const RateCandidate& candidate : by_hour_) {
    if (candidate.rate->effective_from_us <= time_us && candidate.rate->hours.Contains(time_us) &&
        (best == nullptr || candidate.Rank() > best->Rank())) {
      best = &candidate;
    }
  }
  return best;
}

void RateTimeline::AddBeginnings(std::vector<int64_t>* instants_us,
                                 std::vector<HoursOfDay>* hours) const {
  instants_us->insert(instants_us->end(), from_us_.begin(), from_us_.end());
  for (const RateCandidate& candidate : by_hour_) {
    instants_us->push_back(candidate.rate->effective_from_us);
    hours->push_back(candidate.rate->hours);
  }
}

RateSchedule::RateSchedule(const ServedAs& served)
    : call_{.contract = served.contracts.empty() ? size_t{0} : size_t{1},
            .tier = !served.service_tier.empty(),
            .region = !served.region.empty()},
      contracts_(served.contracts.size()) {}

void RateSchedule::Add(const Place& place, const RateCandidate& candidate) {
  if (place == call_) {
    return own_.Add(candidate);
  }
  auto list = std::find_if(others_.begin(), others_.end(),
                           [&](const auto& other) { return other.first == place; });
  if (list == others_.end()) {
    list = others_.insert(list, {place, RateTimeline()});
  }
  list->second.Add(candidate);
}

bool RateSchedule::has_prices() const {
  return !own_.empty() || std::any_of(others_.begin(), others_.end(),
                                      [](const auto& other) { return !other.first.multiplies; });
}

template <typename Visit>
void RateSchedule::ForEachTimeline(Visit visit) const {
  visit(own_);
  for (const auto& [place, timeline] : others_) {
    visit(timeline);
  }
  for (const auto& [currency, timeline] : exchanges_) {
    visit(timeline);
  }
}

bool RateSchedule::has_hours() const {
  bool has_hours = false;
  ForEachTimeline([&](const RateTimeline& timeline) { has_hours |= timeline.has_hours(); });
  return has_hours;
}

std::vector<int64_t> RateSchedule::BeginningsUs() const {
  std::vector<int64_t> instants_us;
  std::vector<HoursOfDay> hours;
  ForEachTimeline(
      [&](const RateTimeline& timeline) { timeline.AddBeginnings(&instants_us, &hours); });
  std::sort(instants_us.begin(), instants_us.end());
  instants_us.erase(std::unique(instants_us.begin(), instants_us.end()), instants_us.end());
  return instants_us;
}

std::optional<int64_t> RateSchedule::FirstPricedUs() const {
  std::vector<int64_t> instants_us;
  std::vector<HoursOfDay> hours;
  ForEachTimeline(
      [&](const RateTimeline& timeline) { timeline.AddBeginnings(&instants_us, &hours); });
  const size_t beginnings = instants_us.size();
  for (size_t i = 0; i < beginnings; ++i) {
    for (const HoursOfDay& part : hours) {
      instants_us.push_back(FirstWithin(part, instants_us[i]));
    }
  }
  std::sort(instants_us.begin(), instants_us.end());
  const auto first = std::find_if(instants_us.begin(), instants_us.end(), [&](int64_t time_us) {
    return TermsAt(time_us).is_priced();
  });
  return first == instants_us.end() ? std::nullopt : std::optional(*first);
}

void RateSchedule::AddExchange(const RateCandidate& candidate) {
  const std::string& currency = candidate.rate->match.text;
  auto list = std::find_if(exchanges_.begin(), exchanges_.end(),
                           [&](const auto& other) { return other.first == currency; });
  if (list == exchanges_.end()) {
    list = exchanges_.insert(list, {currency, RateTimeline()});
  }
  list->second.Add(candidate);
}

const RateCandidate* RateSchedule::Best(const Place& place, int64_t time_us) const {
  if (place == call_) {
    return own_.At(time_us);
  }
  for (const auto& [other, timeline] : others_) {
    if (other == place) {
      return timeline.At(time_us);
    }
  }
  return nullptr;
}

size_t RateSchedule::ContractAfter(size_t contract) const {
  return contract < contracts_ ? contract + 1 : 0;
}

// Applies the best multiplier to what holds for the calls without what it is for, and returns
// whether anything does. One for more goes first, then one for a tier.
bool RateSchedule::Multiply(const Place& call, bool by_contract, int64_t time_us,
                            Terms* terms) const {
  for (const auto& [tier, region] :
       {std::pair(true, true), {true, false}, {false, true}, {false, false}}) {
    const bool is_for_nothing = !by_contract && !tier && !region;
    if ((tier && !call.tier) || (region && !call.region) || is_for_nothing) {
      continue;
    }
    const RateCandidate* const multiplier = Best({.contract = by_contract ? call.contract : 0,
                                                  .tier = tier,
                                                  .region = region,
                                                  .multiplies = true},
                                                 time_us);
    const Place rest{.contract = by_contract ? ContractAfter(call.contract) : call.contract,
                     .tier = call.tier && !tier,
                     .region = call.region && !region};
    // What another dimension's multiplier applies to must have the contract in it: without, the
    // contract is no condition, and the whole call is looked for once more.
    const bool needs_contract = !by_contract && call.contract != 0;
    if (multiplier != nullptr && Walk(rest, needs_contract, time_us, terms)) {
      terms->multipliers.push_back(*multiplier);
      return true;
    }
  }
  return false;
}

// Finds what a call that is as `call` says is priced by; with `needs_contract`, only if its
// contract has a part in it.
bool RateSchedule::Walk(const Place& call, bool needs_contract, int64_t time_us,
                        Terms* terms) const {
  if (const RateCandidate* const own = Best(call, time_us)) {
    terms->base = *own;
    const RateCandidate* const on_list = Best({.multiplies = true}, time_us);
    if (call.contract == 0 && on_list != nullptr) {
      terms->multipliers.push_back(*on_list);
    }
    return true;
  }
  if (call.contract != 0 && Multiply(call, /*by_contract=*/true, time_us, terms)) {
    return true;
  }
  if (Multiply(call, /*by_contract=*/false, time_us, terms)) {
    return true;
  }
  return call.contract != 0 && !needs_contract &&
         Walk({.contract = ContractAfter(call.contract), .tier = call.tier, .region = call.region},
              /*needs_contract=*/false, time_us, terms);
}

void RateSchedule::Exchange(int64_t time_us, Terms* terms) const {
  const Rate* const rate = terms->base.rate;
  if (rate == nullptr || rate->currency.empty()) {
    return;
  }
  for (const auto& [currency, timeline] : exchanges_) {
    const RateCandidate* const at = currency == rate->currency ? timeline.At(time_us) : nullptr;
    terms->exchange = at != nullptr ? at->rate : terms->exchange;
  }
  terms->has_no_exchange = terms->exchange == nullptr;
}

Terms RateSchedule::TermsAt(int64_t time_us) const {
  Terms terms;
  if (!others_.empty()) {
    Walk(call_, /*needs_contract=*/false, time_us, &terms);
  } else if (const RateCandidate* const own = own_.At(time_us)) {
    terms.base = *own;
  }
  Exchange(time_us, &terms);
  return terms;
}

}  // namespace itemized
