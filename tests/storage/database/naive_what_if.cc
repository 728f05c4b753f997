// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_what_if.h"

#include <algorithm>
#include <set>
#include <variant>

#include "tests/storage/database/naive_changes.h"
#include "tests/storage/database/naive_model.h"

namespace itemized::testing {
namespace {

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
constexpr int64_t kHour = int64_t{3'600} * 1'000'000;

}  // namespace

// A call as the changes so far have it.
struct NaiveModel::Replayed {
  Call call;
  int64_t cost = 0;
  bool reported = false;
};

// The first instant at which some rate holds for calls like this one.
std::optional<int64_t> NaiveModel::FirstPriced(Call call) const {
  std::set<int64_t> instants;
  for (const NaiveRate& from : rates_) {
    const int64_t begin = from.rate.effective_from_us;
    instants.insert(begin);
    for (const NaiveRate& entry : rates_) {
      const int64_t opens = begin / kDay * kDay + entry.rate.hours.from_s * int64_t{1'000'000};
      instants.insert(opens < begin ? opens + kDay : opens);
    }
  }
  for (const int64_t instant : instants) {
    call.time_us = instant;
    if (NaiveFindRate(rates_, call) != nullptr) {
      return instant;
    }
  }
  return std::nullopt;
}

// Makes `next` of a call if that has a price.
void NaiveModel::Become(const Call& next, bool standard, Replayed* call,
                        ChangedCalls* counts) const {
  const std::optional<int64_t> first = FirstPriced(next);
  const bool early = first.has_value() && next.time_us < *first;
  Call priced = next;
  priced.time_us = early ? *first : next.time_us;
  const std::optional<Picos> cost = NaiveCost(rates_, priced);
  if (!cost.has_value() || *cost > Picos(INT64_MAX)) {
    ++counts->without_price;
    return;
  }
  counts->changed += 1;
  counts->moved += NaiveMakerOf(next) != NaiveMakerOf(call->call) ? 1 : 0;
  counts->standard += standard ? 1 : 0;
  counts->early += early ? 1 : 0;
  counts->reported += call->reported ? 1 : 0;
  *call = {.call = next, .cost = static_cast<int64_t>(*cost), .reported = false};
}

// Returns whether the change can be made of the call.
bool NaiveModel::Change(const StepChange& change, Replayed* call, ChangedCalls* counts) const {
  Call next = call->call;
  if (const auto* cap = std::get_if<InputCap>(&change.what)) {
    if (CapNaively(cap->tokens, &*next.usage)) {
      Become(next, false, call, counts);
    }
    return true;
  }
  if (const auto* cache = std::get_if<CacheShare>(&change.what)) {
    if (CacheNaively(cache->share, &*next.usage)) {
      Become(next, false, call, counts);
    }
    return true;
  }
  bool standard = false;
  if (const auto* swap = std::get_if<ModelSwap>(&change.what)) {
    const std::optional<std::string> provider = NaiveTargets(rates_, *swap).For(next.provider);
    if (!provider.has_value()) {
      return false;
    }
    next.provider = *provider;
    next.model = swap->model;
    if (!FirstPriced(next).has_value()) {
      standard = true;
      SetAttribute(&next, kTierAttribute, "");
      SetAttribute(&next, kRegionAttributeName, "");
    }
  } else {
    SetAttribute(&next, kTierAttribute, "batch");
    if (!AreNamesEqual(next, call->call) && !FirstPriced(next).has_value()) {
      ChangedCalls unused;
      Replayed as_it_is = *call;
      Become(call->call, false, &as_it_is, &unused);
      counts->without_price += unused.without_price;
      return unused.without_price > 0;
    }
  }
  if (!AreNamesEqual(next, call->call)) {
    Become(next, standard, call, counts);
  }
  return true;
}

// What a step costs in all after the first `count` changes, and what the last of them did.
struct NaiveModel::StepAfter {
  Fraction total;
  Fraction calls_cost;  // What its calls cost without gates.
  Fraction reach = 1;
  bool possible = true;
  ChangedCalls counts;
  std::optional<std::pair<int64_t, int64_t>> runs;  // Complete ones, and those that did not use it.
};

std::pair<int64_t, int64_t> NaiveModel::RunsWith(const Calls& calls) const {
  const Winners winners = WinningCompletions();
  std::set<std::string> complete;
  std::set<std::string> unused;
  for (const StoredCall* stored : calls) {
    const Call& call = stored->billed.call;
    if (const auto won = winners.find(call.workflow_id); won != winners.end()) {
      complete.insert(call.workflow_id);
      const auto& steps = won->second.unused_steps;
      if (std::find(steps.begin(), steps.end(), call.step) != steps.end()) {
        unused.insert(call.workflow_id);
      }
    }
  }
  return {static_cast<int64_t>(complete.size()), static_cast<int64_t>(unused.size())};
}

NaiveModel::StepAfter NaiveModel::After(const Calls& calls, const std::vector<StepChange>& changes,
                                        size_t count) const {
  StepAfter after;
  std::vector<Replayed> now;
  std::vector<bool> fixed;
  for (const StoredCall* stored : calls) {
    const BilledCall& billed = stored->billed;
    now.push_back({billed.call, billed.cost.picos, billed.cost.reported});
    fixed.push_back(billed.cost.unpriced || !billed.call.usage.has_value());
  }
  Fraction gates = 0;
  bool dropped = false;
  const auto size = static_cast<int64_t>(calls.size());
  const std::string& step = changes[count - 1].step;
  for (size_t i = 0; i < count; ++i) {
    const StepChange& change = changes[i];
    if (change.step != step) {
      continue;
    }
    after.counts = {};
    after.runs.reset();
    if (std::holds_alternative<DropStep>(change.what)) {
      after.counts.changed = dropped ? 0 : size;
      after.reach = 0;
      gates = 0;
      dropped = true;
    } else if (const auto* gate = std::get_if<Gate>(&change.what)) {
      Fraction skip(gate->skip.value_or(0), 1'000'000'000'000);
      if (!gate->skip.has_value()) {
        after.runs = RunsWith(calls);
        after.possible = after.possible && after.runs->first > 0;
        skip =
            after.runs->first > 0 ? Fraction(after.runs->second, after.runs->first) : Fraction(0);
      }
      after.counts.changed = Rounded(after.reach * skip * size);
      gates += after.reach * size * gate->cost;
      after.reach *= 1 - skip;
    } else if (!dropped) {
      for (size_t c = 0; c < now.size(); ++c) {
        if (!fixed[c]) {
          after.possible = Change(change, &now[c], &after.counts) && after.possible;
        } else if (now[c].reported) {
          ++after.counts.without_price;
        }
      }
    }
  }
  for (const Replayed& call : now) {
    after.calls_cost += call.cost;
  }
  after.total = after.reach * after.calls_cost + gates;
  return after;
}

TimeRange NaiveModel::Recorded(const TimeRange& range, int64_t now_us) const {
  int64_t first = range.end_us;
  for (const StoredCall& stored : calls_) {
    if (!stored.retracted) {
      first = std::min(first, stored.billed.call.time_us / kHour * kHour);
    }
  }
  const int64_t least = std::min(kHour, range.end_us - range.start_us);
  TimeRange part = range;
  if (first < range.end_us) {
    part.start_us = std::max(first, range.start_us);
  }
  part.end_us = std::clamp(now_us, std::min(part.start_us + least, range.end_us), range.end_us);
  part.start_us = std::min(part.start_us, part.end_us - least);
  return part;
}

NaiveWhatIf NaiveModel::WhatIf(const WhatIfQuery& query, int64_t now_us) const {
  NaiveWhatIf what_if;
  WhatIfAnswer& answer = what_if.answer;
  answer.range = ResolveWindow(query.window, now_us);
  answer.recorded = Recorded(answer.range, now_us);
  const Calls calls = CallsIn(answer.range, query.filter);
  const CallSums sums = Sum(calls);
  answer.before = sums.cost;
  answer.unpriced_calls = sums.unpriced_calls;
  Fraction total(static_cast<int64_t>(sums.cost));
  Picos rounded = sums.cost;
  const Fraction month(30 * kDay, answer.recorded.end_us - answer.recorded.start_us);
  for (size_t i = 0; i < query.changes.size(); ++i) {
    const StepChange& change = query.changes[i];
    Calls of_step;
    std::copy_if(calls.begin(), calls.end(), std::back_inserter(of_step),
                 [&](const StoredCall* stored) { return stored->billed.call.step == change.step; });
    what_if.may_refuse = what_if.may_refuse || CallsOf(change.step).empty();
    if (const auto* swap = std::get_if<ModelSwap>(&change.what)) {
      what_if.may_refuse = what_if.may_refuse || !NaiveTargets(rates_, *swap).IsSure();
    }
    // What the step costs by the changes before this one is found out anew.
    std::vector<StepChange> before(query.changes.begin(),
                                   query.changes.begin() + static_cast<std::ptrdiff_t>(i));
    before.push_back({.step = change.step, .what = Gate{.skip = 0}});
    const StepAfter was = After(of_step, before, before.size());
    const StepAfter is = After(of_step, query.changes, i + 1);
    what_if.must_refuse = what_if.must_refuse || !is.possible;
    total += is.total - was.total;
    ChangeOutcome& outcome = answer.changes.emplace_back();
    outcome.calls = static_cast<int64_t>(of_step.size());
    outcome.counts = is.counts;
    outcome.saving = rounded - Rounded(total);
    outcome.saving_30d = Rounded(month * static_cast<int64_t>(sums.cost - Rounded(total))) -
                         Rounded(month * static_cast<int64_t>(sums.cost - rounded));
    rounded -= outcome.saving;
    if (const auto* gate = std::get_if<Gate>(&change.what)) {
      outcome.gate = OutcomeOf(*gate, was, is, outcome.calls);
    }
  }
  answer.after = rounded;
  answer.saving_30d = Rounded(month * static_cast<int64_t>(sums.cost - rounded));
  return what_if;
}

GateOutcome NaiveModel::OutcomeOf(const Gate& gate, const StepAfter& was, const StepAfter& is,
                                  int64_t calls) {
  GateOutcome outcome;
  outcome.skip = gate.skip.value_or(0);
  if (is.runs.has_value()) {
    outcome.is_measured = true;
    outcome.runs = is.runs->first;
    outcome.unused_runs = is.runs->second;
    outcome.skip = outcome.runs == 0
                       ? 0
                       : Rounded(Fraction(outcome.unused_runs, outcome.runs) * 1'000'000'000'000);
  }
  if (was.calls_cost > 0) {
    outcome.break_even_skip =
        RoundedWide(Fraction(gate.cost) * calls / was.calls_cost * 1'000'000'000'000);
  }
  const Fraction saving = was.total - is.total;
  if (saving > 0) {
    const Fraction needed = Fraction(gate.setup) * calls / saving;
    auto count = static_cast<int64_t>(Whole(boost::multiprecision::numerator(needed) /
                                            boost::multiprecision::denominator(needed)));
    outcome.break_even_calls = count < needed ? count + 1 : count;
  }
  return outcome;
}

}  // namespace itemized::testing
