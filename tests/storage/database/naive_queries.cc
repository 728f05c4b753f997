// SPDX-License-Identifier: Apache-2.0
// The naive model's answers.

#include <algorithm>
#include <tuple>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "tests/storage/database/naive_model.h"
#include "tests/storage/database/naive_quantile.h"

namespace itemized::testing {
namespace {

std::string AttributeOf(const Call& call, const std::string& key) {
  for (const auto& [name, value] : call.attributes) {
    if (name == key) {
      return value;
    }
  }
  return "";
}

bool Matches(const Call& call, const CallFilter& filter) {
  const auto is = [](const std::optional<std::string>& wanted, const std::string& name) {
    return !wanted.has_value() || *wanted == name;
  };
  return is(filter[NameKind::kStep], call.step) && is(filter[NameKind::kModel], call.model) &&
         is(filter[NameKind::kWorkflow], call.workflow) &&
         is(filter[NameKind::kProvider], call.provider) &&
         std::all_of(filter.attributes.begin(), filter.attributes.end(), [&](const auto& wanted) {
           return AttributeOf(call, wanted.first) == wanted.second;
         });
}

bool IsUnused(const Completion& completion, const std::string& step) {
  const std::vector<std::string>& unused = completion.unused_steps;
  return std::find(unused.begin(), unused.end(), step) != unused.end();
}

// Two instants lie in one bucket iff these are equal. The offset tells the two
// hours of the same name apart when clocks are put back.
auto BucketName(int64_t time_us, bool by_hour, absl::TimeZone zone) {
  const absl::TimeZone::CivilInfo info = zone.At(absl::FromUnixMicros(time_us));
  const absl::CivilSecond start = by_hour ? absl::CivilSecond(absl::CivilHour(info.cs))
                                          : absl::CivilSecond(absl::CivilDay(info.cs));
  return std::make_tuple(start, by_hour ? info.offset : 0);
}

}  // namespace

TimeRange ResolveWindow(const Window& window, int64_t now_us) {
  return window.last_us.has_value() ? TimeRange{now_us - *window.last_us, now_us} : window.range;
}

std::vector<TimeRange> NaiveBuckets(const TimeRange& range, bool by_hour, absl::TimeZone zone) {
  constexpr int64_t kStride = kMicrosPerHour / 4;
  std::vector<TimeRange> buckets;
  for (int64_t start = range.start_us; start < range.end_us;) {
    const auto name = BucketName(start, by_hour, zone);
    int64_t inside = start;
    int64_t beyond = start;
    while (beyond < range.end_us && BucketName(beyond, by_hour, zone) == name) {
      inside = beyond;
      beyond = std::min(beyond + kStride, range.end_us);
    }
    while (beyond - inside > 1) {
      const int64_t middle = inside + (beyond - inside) / 2;
      (BucketName(middle, by_hour, zone) == name ? inside : beyond) = middle;
    }
    buckets.push_back({start, beyond});
    start = beyond;
  }
  return buckets;
}

std::string NaiveModel::KeyOf(const Call& call, GroupBy by, const std::string& attribute_key) {
  switch (by) {
    case GroupBy::kStep:
      return call.step;
    case GroupBy::kModel:
      return call.model;
    case GroupBy::kWorkflow:
      return call.workflow;
    case GroupBy::kProvider:
      return call.provider;
    case GroupBy::kAttribute:
      break;
  }
  return AttributeOf(call, attribute_key);
}

CallSums NaiveModel::Sum(const Calls& calls) {
  CallSums sums;
  for (const StoredCall* stored : calls) {
    const BilledCall& billed = stored->billed;
    sums.calls += 1;
    sums.unpriced_calls += billed.cost.unpriced ? 1 : 0;
    sums.usage_missing_calls += billed.cost.unpriced && !billed.call.usage.has_value() ? 1 : 0;
    const bool learning = billed.receipt.has_value() && billed.receipt->learning;
    sums.outliers += billed.receipt.has_value() && !learning ? 1 : 0;
    sums.learning_calls += learning ? 1 : 0;
    sums.cost += billed.cost.picos;
    for (size_t i = 0; i < kUsageClassCount; ++i) {
      sums.usage.counts[i] += billed.call.usage.has_value() ? billed.call.usage->counts[i] : 0;
    }
  }
  return sums;
}

Picos NaiveModel::Unsurfaced(const Calls& calls, const Winners& winners) {
  Picos unsurfaced = 0;
  for (const StoredCall* stored : calls) {
    const Call& call = stored->billed.call;
    const auto completion = winners.find(call.workflow_id);
    if (completion != winners.end() && IsUnused(completion->second, call.step)) {
      unsurfaced += stored->billed.cost.picos;
    }
  }
  return unsurfaced;
}

NaiveModel::Calls NaiveModel::CallsIn(const TimeRange& range, const CallFilter& filter) const {
  Calls calls;
  for (const StoredCall& stored : calls_) {
    if (!stored.retracted && stored.billed.call.time_us >= range.start_us &&
        stored.billed.call.time_us < range.end_us && Matches(stored.billed.call, filter)) {
      calls.push_back(&stored);
    }
  }
  return calls;
}

TopRow NaiveModel::MakeTopRow(const std::string& key, const Calls& calls,
                              const Winners& winners) const {
  std::vector<int64_t> costs;
  std::vector<int64_t> durations;
  for (const StoredCall* stored : calls) {
    durations.push_back(stored->billed.call.duration_us);
    if (IsRated(stored->billed)) {
      costs.push_back(stored->billed.cost.picos);
    }
  }
  return {.key = key,
          .sums = Sum(calls),
          .rated_calls = static_cast<int64_t>(costs.size()),
          .p50_cost = BucketQuantile(costs, 50),
          .p95_cost = BucketQuantile(costs, 95),
          .p50_duration_us = BucketQuantile(durations, 50),
          .p95_duration_us = BucketQuantile(durations, 95),
          .unsurfaced = Unsurfaced(calls, winners)};
}

TopAnswer NaiveModel::Top(const TopQuery& query, int64_t now_us) const {
  TopAnswer answer;
  answer.range = ResolveWindow(query.window, now_us);
  const Winners winners = WinningCompletions();
  const Calls calls = CallsIn(answer.range, query.filter);
  std::map<std::string, Calls> groups;
  for (const StoredCall* stored : calls) {
    groups[KeyOf(stored->billed.call, query.by, query.attribute_key)].push_back(stored);
  }
  answer.total = Sum(calls);
  answer.unsurfaced = Unsurfaced(calls, winners);
  for (const auto& [key, group] : groups) {
    answer.rows.push_back(MakeTopRow(key, group, winners));
  }
  std::stable_sort(answer.rows.begin(), answer.rows.end(), [](const TopRow& a, const TopRow& b) {
    return a.sums.cost > b.sums.cost;  // The groups come by rising key.
  });
  return answer;
}

SeriesAnswer NaiveModel::Series(const SeriesQuery& query, int64_t now_us) const {
  SeriesAnswer answer;
  answer.range = ResolveWindow(query.window, now_us);
  Calls calls = CallsIn(answer.range, query.filter);
  std::stable_sort(calls.begin(), calls.end(), [](const StoredCall* a, const StoredCall* b) {
    return a->billed.call.time_us < b->billed.call.time_us;
  });
  std::map<std::string, SeriesGroup> groups;
  auto next = calls.begin();
  for (const TimeRange& bucket : NaiveBuckets(answer.range, query.by_hour, query.zone)) {
    Calls inside;
    for (; next != calls.end() && (*next)->billed.call.time_us < bucket.end_us; ++next) {
      inside.push_back(*next);
    }
    answer.points.push_back({bucket, Sum(inside)});
    for (const StoredCall* stored : inside) {
      if (query.by.has_value()) {
        const std::string key = KeyOf(stored->billed.call, *query.by, query.attribute_key);
        SeriesGroup& group = groups[key];
        group.key = key;
        group.calls += 1;
        group.cost += stored->billed.cost.picos;
        group.point_calls.resize(answer.points.size());
        group.point_cost.resize(answer.points.size());
        group.point_calls.back() += 1;
        group.point_cost.back() += stored->billed.cost.picos;
      }
    }
  }
  for (auto& [key, group] : groups) {
    group.point_calls.resize(answer.points.size());
    group.point_cost.resize(answer.points.size());
    answer.groups.push_back(std::move(group));
  }
  std::stable_sort(answer.groups.begin(), answer.groups.end(),
                   [](const SeriesGroup& a, const SeriesGroup& b) { return a.cost > b.cost; });
  return answer;
}

std::vector<int64_t> NaiveModel::CostsOfStep(const DistributionQuery& query, int64_t now_us) const {
  CallFilter filter;
  filter[NameKind::kStep] = query.name;
  std::vector<int64_t> costs;
  for (const StoredCall* stored : CallsIn(ResolveWindow(query.window, now_us), filter)) {
    if (IsRated(stored->billed)) {
      costs.push_back(stored->billed.cost.picos);
    }
  }
  std::sort(costs.begin(), costs.end());
  return costs;
}

OutliersAnswer NaiveModel::Outliers(const OutliersQuery& query, int64_t now_us) const {
  OutliersAnswer answer;
  answer.range = ResolveWindow(query.window, now_us);
  for (const StoredCall* stored : CallsIn(answer.range, query.filter)) {
    const BilledCall& billed = stored->billed;
    answer.unjudged_calls += billed.cost.unpriced ? 1 : 0;
    if (billed.receipt.has_value() && billed.receipt->learning) {
      ++answer.learning_calls;
    } else if (billed.receipt.has_value()) {
      answer.calls.push_back(billed);
    }
  }
  answer.total = static_cast<int64_t>(answer.calls.size());
  std::stable_sort(
      answer.calls.begin(), answer.calls.end(),
      [](const BilledCall& a, const BilledCall& b) { return a.call.time_us > b.call.time_us; });
  answer.calls.resize(std::min(answer.calls.size(), query.limit));
  return answer;
}

std::vector<UnpricedModel> NaiveModel::ListUnpriced() const {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const StoredCall& stored : calls_) {
    if (!stored.retracted && stored.billed.cost.unpriced && stored.billed.call.usage.has_value()) {
      ++counts[{stored.billed.call.provider, stored.billed.call.model}];
    }
  }
  std::vector<UnpricedModel> models;
  for (const auto& [key, calls] : counts) {
    models.push_back({key.first, key.second, calls});
  }
  std::stable_sort(
      models.begin(), models.end(),
      [](const UnpricedModel& a, const UnpricedModel& b) { return a.calls > b.calls; });
  return models;
}

int64_t NaiveModel::CallCount() const {
  return std::count_if(calls_.begin(), calls_.end(),
                       [](const StoredCall& stored) { return !stored.retracted; });
}

int64_t NaiveModel::UnpricedCount() const {
  return std::count_if(calls_.begin(), calls_.end(), [](const StoredCall& stored) {
    return !stored.retracted && stored.billed.cost.unpriced;
  });
}

}  // namespace itemized::testing
