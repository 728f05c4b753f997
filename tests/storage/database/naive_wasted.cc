// SPDX-License-Identifier: Apache-2.0
// What the naive model holds for wasted: each call is compared with all others of its run.

#include <algorithm>
#include <tuple>

#include "tests/storage/database/naive_model.h"

namespace itemized::testing {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;

bool IsSamePrompt(const Call& a, const Call& b) {
  const auto tokens = [](const Call& call) {
    return call.usage.has_value() ? call.usage->TotalInput() : 0;
  };
  return a.provider == b.provider && a.model == b.model && tokens(a) == tokens(b) &&
         tokens(a) >= 100;
}

std::optional<WasteReason> ReasonOf(Outcome outcome) {
  if (outcome == Outcome::kFailed) {
    return WasteReason::kFailed;
  }
  if (outcome == Outcome::kAbandoned) {
    return WasteReason::kAbandoned;
  }
  return outcome == Outcome::kShortCircuited ? std::optional(WasteReason::kShortCircuited)
                                             : std::nullopt;
}

}  // namespace

std::optional<WasteReason> NaiveModel::WhyWasted(const StoredCall& stored, const NaiveRun& run) {
  const Call& call = stored.billed.call;
  if (run.completion.has_value()) {
    const std::vector<std::string>& unused = run.completion->unused_steps;
    if (std::find(unused.begin(), unused.end(), call.step) != unused.end()) {
      return WasteReason::kUnusedStep;
    }
    if (const auto reason = ReasonOf(run.completion->outcome); reason.has_value()) {
      return reason;
    }
  }
  bool is_tried_again = false;
  bool is_repeated = false;
  for (const StoredCall* other : run.calls) {
    const Call& another = other->billed.call;
    if (other == &stored || another.step != call.step) {
      continue;
    }
    const int64_t later_us = another.time_us - call.time_us;
    is_tried_again = is_tried_again || (later_us > 0 && later_us <= kHourUs);
    // The cheapest of one instant is the first.
    const bool is_before = std::tuple(another.time_us, other->billed.cost.picos, other->order) <
                           std::tuple(call.time_us, stored.billed.cost.picos, stored.order);
    is_repeated = is_repeated || (is_before && another.status == CallStatus::kOk &&
                                  -later_us <= kHourUs && IsSamePrompt(call, another));
  }
  if (call.status != CallStatus::kOk) {
    return is_tried_again ? WasteReason::kRetried : WasteReason::kCallFailed;
  }
  return is_repeated ? std::optional(WasteReason::kDuplicatePrompt) : std::nullopt;
}

WastedAnswer NaiveModel::Wasted(const WastedQuery& query, int64_t now_us) const {
  WastedAnswer answer;
  answer.range = ResolveWindow(query.window, now_us);
  const std::map<std::string, NaiveRun> runs = Runs();
  std::map<std::pair<std::string, WasteReason>, WastedSum> wasted;
  std::map<std::string, Picos> spend;
  for (const StoredCall* stored : CallsIn(answer.range, query.filter)) {
    const Call& call = stored->billed.call;
    const std::string key = KeyOf(call, query.by, query.attribute_key);
    answer.calls += 1;
    answer.unpriced_calls += stored->billed.cost.unpriced ? 1 : 0;
    answer.spend += stored->billed.cost.picos;
    spend[key] += stored->billed.cost.picos;
    const auto reason = WhyWasted(*stored, runs.at(call.workflow_id));
    if (reason.has_value()) {
      for (WastedSum* sum : {&wasted[{key, *reason}], &answer.wasted,
                             &answer.reasons[static_cast<size_t>(*reason)]}) {
        sum->calls += 1;
        sum->cost += stored->billed.cost.picos;
      }
    }
  }
  for (const auto& [key, sum] : wasted) {
    answer.rows.push_back(
        {.key = key.first, .reason = key.second, .wasted = sum, .spend = spend[key.first]});
  }
  std::stable_sort(
      answer.rows.begin(), answer.rows.end(),
      [](const WastedRow& a, const WastedRow& b) { return a.wasted.cost > b.wasted.cost; });
  return answer;
}

}  // namespace itemized::testing
