// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_model.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "storage/base/check.h"
#include "tests/storage/database/naive_quantile.h"

namespace itemized::testing {
namespace {

bool FlaggedByMedian(const BilledCall& billed) {
  return billed.receipt.has_value() && !billed.receipt->learning;
}

// Why there is no usage, and what the provider says that it charged, are not part of a call's
// content.
bool SameContent(Call a, Call b) {
  a.reported_cost_picos = b.reported_cost_picos;
  a.reported_usage = b.reported_usage;
  a.usage_unknown = b.usage_unknown;
  std::sort(a.attributes.begin(), a.attributes.end());
  std::sort(b.attributes.begin(), b.attributes.end());
  return a == b;
}

// Whether another call of the batch takes the place of this one.
bool HasHigherRevision(absl::Span<const Call> batch, const Call& call) {
  return !call.event_id.empty() && std::any_of(batch.begin(), batch.end(), [&](const Call& other) {
    return other.workflow_id == call.workflow_id && other.event_id == call.event_id &&
           other.revision > call.revision;
  });
}

}  // namespace

bool NaiveModel::IsRated(const BilledCall& billed) {
  return !billed.cost.unpriced && (billed.call.usage.has_value() || billed.cost.reported);
}

CallCost NaiveModel::Price(const Call& call) const {
  if (call.reported_cost_picos.has_value() && trusted_.count(call.provider) > 0) {
    return {.picos = *call.reported_cost_picos, .unpriced = false, .reported = true};
  }
  if (!call.usage.has_value()) {
    return {.picos = 0, .unpriced = call.status != CallStatus::kError || call.usage_unknown};
  }
  const std::optional<Picos> cost = NaiveCost(rates_, call);
  if (!cost.has_value()) {
    return {.picos = 0, .unpriced = true};
  }
  CHECK(*cost <= std::numeric_limits<int64_t>::max());
  return {.picos = static_cast<int64_t>(*cost), .unpriced = false};
}

BatchResult NaiveModel::Write(absl::Span<const Call> calls,
                              absl::Span<const Completion> completions, int64_t now_us,
                              const std::set<size_t>& malformed) {
  BatchResult result;
  std::vector<Call> accepted;
  std::vector<StoredCall*> replaced;
  for (size_t i = 0; i < calls.size(); ++i) {
    const Call& call = calls[i];
    const auto refused =
        malformed.count(i) > 0 ? std::optional(RefusalCode::kMalformed) : Judge(call, now_us);
    if (refused.has_value()) {
      result.refusals.push_back({static_cast<uint32_t>(i), *refused, ""});
    } else if (HasHigherRevision(calls, call)) {
      ++result.duplicate;
    } else if (Call* first = Seen(call); first != nullptr) {
      if (call.revision > first->revision) {
        *first = call;
        accepted.push_back(call);
        for (StoredCall& stored : calls_) {
          if (!stored.retracted && stored.billed.call.workflow_id == call.workflow_id &&
              stored.billed.call.event_id == call.event_id) {
            replaced.push_back(&stored);
          }
        }
      } else if (call.revision < first->revision || SameContent(*first, call)) {
        ++result.duplicate;
      } else {
        result.refusals.push_back({static_cast<uint32_t>(i), RefusalCode::kConflict, ""});
      }
    } else {
      accepted.push_back(call);
    }
  }
  result.accepted = static_cast<int64_t>(accepted.size());
  Store(accepted);
  for (StoredCall* const stored : replaced) {
    stored->retracted = true;
  }
  for (size_t i = 0; i < completions.size(); ++i) {
    if (const auto refused = Judge(completions[i], now_us); refused.has_value()) {
      result.refusals.push_back({static_cast<uint32_t>(calls.size() + i), *refused, ""});
    } else {
      ++(WriteCompletion(completions[i]) ? result.accepted : result.duplicate);
    }
  }
  return result;
}

// The call that is known under this id; null if there is none yet, or this one has no id.
Call* NaiveModel::Seen(const Call& call) {
  if (call.event_id.empty()) {
    return nullptr;
  }
  const auto [it, inserted] = seen_.try_emplace({call.workflow_id, call.event_id}, call);
  return inserted ? nullptr : &it->second;
}

// All calls of a batch are compared with the thresholds from before the batch.
void NaiveModel::Store(absl::Span<const Call> accepted) {
  std::map<std::string, Threshold> thresholds;
  for (const Call& call : accepted) {
    if (thresholds.count(call.step) == 0) {
      thresholds[call.step] = ThresholdOf(call.step);
    }
  }
  for (const Call& call : accepted) {
    StoredCall stored;
    stored.billed.call = call;
    std::sort(stored.billed.call.attributes.begin(), stored.billed.call.attributes.end());
    stored.billed.cost = Price(call);
    const Threshold& threshold = thresholds[call.step];
    if (!stored.billed.cost.unpriced && stored.billed.cost.picos > threshold.picos) {
      stored.billed.receipt = OutlierReceipt{.p50_picos = threshold.p50_picos,
                                             .sample_count = threshold.sample_count,
                                             .learning = threshold.learning};
    }
    stored.order = next_order_++;
    calls_.push_back(std::move(stored));
    by_step_[call.step].push_back(&calls_.back());
  }
}

const NaiveModel::Calls& NaiveModel::CallsOf(const std::string& step) const {
  static const Calls& none = *new Calls;
  const auto found = by_step_.find(step);
  return found == by_step_.end() ? none : found->second;
}

bool NaiveModel::WriteCompletion(const Completion& completion) {
  const Winners winners = WinningCompletions();
  const auto in_force = winners.find(completion.workflow_id);
  if (in_force != winners.end() && in_force->second == completion) {
    return false;
  }
  completions_.push_back(completion);
  return true;
}

NaiveModel::Winners NaiveModel::WinningCompletions() const {
  Winners winners;
  for (const Completion& completion : completions_) {
    const auto [it, fresh] = winners.insert({completion.workflow_id, completion});
    if (!fresh && completion.time_us >= it->second.time_us) {
      it->second = completion;
    }
  }
  return winners;
}

int64_t NaiveModel::Retract(absl::Span<const CallId> ids) {
  int64_t found = 0;
  for (const CallId& id : ids) {
    for (StoredCall& stored : calls_) {
      const Call& call = stored.billed.call;
      if (!id.event_id.empty() && !stored.retracted && call.workflow_id == id.workflow_id &&
          call.event_id == id.event_id) {
        stored.retracted = true;
        ++found;
      }
    }
  }
  return found;
}

// The last 30 days first, then those before; of each hour those that stand longest. 64
// together, then twice as many each time, up to 4,096, but never of more than 256 hours.
int64_t NaiveModel::RepriceAll() {
  int64_t latest_us = 0;
  std::vector<StoredCall*> changed;
  for (StoredCall& stored : calls_) {
    latest_us = std::max(latest_us, stored.billed.call.time_us);
    if (!stored.retracted && Price(stored.billed.call) != stored.billed.cost) {
      changed.push_back(&stored);
    }
  }
  const int64_t first_day = latest_us / kMicrosPerDay - (kBaselineDays - 1);
  const auto place = [&](const StoredCall* stored) {
    const int64_t time_us = stored->billed.call.time_us;
    return std::make_tuple(time_us / kMicrosPerDay < first_day, time_us / kMicrosPerHour,
                           stored->order);
  };
  std::sort(changed.begin(), changed.end(),
            [&](const auto* a, const auto* b) { return place(a) < place(b); });
  size_t together = 64;
  for (absl::Span<StoredCall* const> rest = changed; !rest.empty();) {
    std::set<int64_t> hours;
    size_t count = 0;
    while (count < std::min(rest.size(), together) && hours.size() < 256) {
      hours.insert(rest[count++]->billed.call.time_us / kMicrosPerHour);
    }
    RepriceTogether(rest.first(count));
    rest.remove_prefix(count);
    together = std::min<size_t>(2 * together, 4'096);
  }
  return static_cast<int64_t>(changed.size());
}

// They are compared with the thresholds from before all of them.
void NaiveModel::RepriceTogether(absl::Span<StoredCall* const> calls) {
  std::map<std::string, Threshold> thresholds;
  for (const StoredCall* stored : calls) {
    const std::string& step = stored->billed.call.step;
    if (thresholds.count(step) == 0) {
      thresholds[step] = ThresholdOf(step);
    }
  }
  for (StoredCall* stored : calls) {
    BilledCall& billed = stored->billed;
    const CallCost cost = Price(billed.call);
    const Threshold& threshold = thresholds[billed.call.step];
    if (cost.unpriced) {
      billed.receipt.reset();
    } else if (billed.cost.unpriced && cost.picos > threshold.picos) {
      billed.receipt = OutlierReceipt{.p50_picos = threshold.p50_picos,
                                      .sample_count = threshold.sample_count,
                                      .learning = threshold.learning,
                                      .judged_when_priced = true};
    }
    billed.cost = cost;
    stored->order = next_order_++;
  }
}

// Days on which most priced calls were flagged, three such days in a row, the
// days without priced calls not counted.
std::set<int64_t> NaiveModel::LevelShiftDays(const std::string& step, int64_t first_day) const {
  struct DayCount {
    int64_t priced = 0;
    int64_t flagged = 0;
  };
  std::map<int64_t, DayCount> counts;
  for (const StoredCall* stored : CallsOf(step)) {
    const int64_t day = stored->billed.call.time_us / kMicrosPerDay;
    if (!stored->retracted && day >= first_day) {
      const bool priced = IsRated(stored->billed);
      counts[day].priced += priced ? 1 : 0;
      counts[day].flagged += priced && FlaggedByMedian(stored->billed) ? 1 : 0;
    }
  }
  std::set<int64_t> shifted;
  std::vector<int64_t> streak;
  for (const auto& [day, count] : counts) {
    if (count.priced == 0) {
      continue;
    }
    if (2 * count.flagged <= count.priced) {
      streak.clear();
      continue;
    }
    streak.push_back(day);
    if (streak.size() >= 3) {
      shifted.insert(streak.begin(), streak.end());
    }
  }
  return shifted;
}

Threshold NaiveModel::ThresholdOf(const std::string& step) const {
  int64_t newest_day = 0;
  for (const StoredCall* stored : CallsOf(step)) {
    newest_day = std::max(newest_day, stored->billed.call.time_us / kMicrosPerDay);
  }
  const int64_t first_day = newest_day - (kBaselineDays - 1);
  const std::set<int64_t> shifted = LevelShiftDays(step, first_day);
  std::vector<int64_t> baseline;
  for (const StoredCall* stored : CallsOf(step)) {
    const int64_t day = stored->billed.call.time_us / kMicrosPerDay;
    if (day >= first_day && !stored->retracted && IsRated(stored->billed) &&
        (!FlaggedByMedian(stored->billed) || shifted.count(day) > 0)) {
      baseline.push_back(stored->billed.cost.picos);
    }
  }
  const int64_t count = static_cast<int64_t>(baseline.size());
  if (count < kLearningCalls) {
    return {.picos = kLearningThresholdPicos, .sample_count = count, .learning = true};
  }
  const int64_t p50 = BucketQuantile(baseline, 50);
  return {.picos = 5 * p50, .p50_picos = p50, .sample_count = count, .learning = false};
}

}  // namespace itemized::testing
