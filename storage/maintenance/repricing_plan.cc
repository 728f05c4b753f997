// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/repricing_plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "storage/model/limits.h"
#include "storage/pricing/provider_names.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

// Returns which series `scope` may concern. Many series have the same provider and model, so each
// pair is looked up once.
std::vector<bool> CoveredSeries(const State& state, const RepricingScope& scope) {
  std::vector<bool> covered(state.catalog.series_count());
  RateBook changed;
  const std::shared_ptr<const RateBook> book = state.rates.book();
  bool all = scope.all;
  for (const CheckedRatePtr& rate : scope.rates) {
    all = !changed.Set(rate).ok() || all;  // More rates than a book holds concern all calls.
  }
  absl::flat_hash_map<std::pair<NameId, NameId>, bool> known;
  for (SeriesId id; id.value() < covered.size(); ++id) {
    const SeriesKey& key = state.catalog.Series(id);
    const auto [it, inserted] =
        known.try_emplace({key[NameKind::kProvider], key[NameKind::kModel]});
    if (inserted) {
      const std::string& model = state.catalog.Name(NameKind::kModel, key[NameKind::kModel]);
      const std::string& provider =
          state.catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
      // The names behind kOtherName are lost, so such calls keep their price.
      it->second = model != kOtherName && scope.model.value_or(model) == model &&
                   IsSameProvider(scope.provider.value_or(provider), provider) &&
                   (all || changed.Covers(provider, model) ||
                    (changed.has_exchanges() && book->CoversCurrency(provider, model, changed)));
    }
    covered[id.value()] = it->second;
  }
  return covered;
}

}  // namespace

namespace {

// Returns which series stand for many models.
std::vector<bool> UnnamedSeries(const State& state) {
  std::vector<bool> unnamed(state.catalog.series_count());
  for (SeriesId id; id.value() < unnamed.size(); ++id) {
    const SeriesKey& key = state.catalog.Series(id);
    unnamed[id.value()] =
        key[NameKind::kModel] == kOtherNameId || key[NameKind::kStep] == kOtherNameId;
  }
  return unnamed;
}

// Adds the hours from `first` to `last` that have calls of `plan->covered`.
void AddHours(const State& state, Hour first, Hour last, RepricingPlan* plan) {
  absl::flat_hash_map<Hour, int64_t> hours;
  const RollupScan scan{.first = std::max(DayOfHour(first), DayOfHour(state.blocks.first_hour()))};
  ForEachDay(state.views.rollups(), scan, [&](NameId, Day day, const NameDay& row) {
    int64_t concerned = 0;
    for (const auto& [series, sums] : row.series) {
      const bool may_be = plan->covered[series.value()] || plan->unnamed[series.value()];
      concerned += may_be ? sums.calls : 0;
    }
    for (const auto& [hour_of_day, sums] : row.hours) {
      const Hour hour = FirstHourOf(day) + hour_of_day;
      if (concerned != 0 && sums.calls != 0 && hour >= first && hour <= last) {
        hours[hour] += sums.calls;
      }
    }
    plan->calls += FirstHourOf(day) <= last ? concerned : 0;
  });
  plan->hours.assign(hours.begin(), hours.end());
  std::sort(plan->hours.begin(), plan->hours.end());
}

// Puts the hours that baselines look at first.
void PutRecentFirst(const State& state, RepricingPlan* plan) {
  const Day newest = DayOf(state.views.latest_call_us());
  const Hour first_of_window =
      newest < Day(kBaselineDays) ? Hour() : FirstHourOf(newest - (kBaselineDays - 1));
  const auto in_window = std::lower_bound(plan->hours.begin(), plan->hours.end(),
                                          std::pair(first_of_window, int64_t{0}));
  std::rotate(plan->hours.begin(), in_window, plan->hours.end());
}

}  // namespace

RepricingPlan PlanRepricing(const State& state, const RepricingScope& scope) {
  RepricingPlan plan;
  plan.from_us = scope.from_us;
  plan.unpriced_from_us = scope.unpriced_from_us;
  plan.to_us = scope.to_us;
  plan.covered = CoveredSeries(state, scope);
  plan.unnamed = UnnamedSeries(state);
  plan.model = scope.model;
  AddHours(state, HourOf(scope.first_us()), HourOf(scope.to_us - 1), &plan);
  PutRecentFirst(state, &plan);
  return plan;
}

RepricingPlan PlanUndo(const State& state, const std::vector<BlockRef>& blocks) {
  RepricingPlan plan;
  plan.to_us = kTimeMaxUs;
  plan.covered.resize(state.catalog.series_count(), true);
  plan.unnamed.resize(state.catalog.series_count(), true);
  AddHours(state, Hour(), Hour::Max(), &plan);
  absl::flat_hash_set<Hour> wanted;
  for (const BlockRef& block : blocks) {
    wanted.insert(block.hour);
  }
  std::erase_if(plan.hours, [&](const auto& hour) { return !wanted.contains(hour.first); });
  plan.calls = 0;
  for (const auto& [hour, calls] : plan.hours) {
    plan.calls += calls;
  }
  PutRecentFirst(state, &plan);
  return plan;
}

}  // namespace itemized
