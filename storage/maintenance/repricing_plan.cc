// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/repricing_plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "storage/model/limits.h"
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
      // The names behind kOtherName are lost, so such calls keep their price.
      const std::string& provider =
          state.catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
      it->second = model != kOtherName &&
                   (all || changed.Covers(provider, model) ||
                    (changed.has_exchanges() && book->CoversCurrency(provider, model, changed)));
    }
    covered[id.value()] = it->second;
  }
  return covered;
}

}  // namespace

RepricingPlan PlanRepricing(const State& state, const RepricingScope& scope) {
  RepricingPlan plan;
  plan.from_us = scope.from_us;
  plan.covered = CoveredSeries(state, scope);
  const CallRollups& rollups = state.views.rollups();
  absl::flat_hash_map<Hour, int64_t> hours;
  const RollupScan scan{.first =
                            std::max(DayOf(scope.from_us), DayOfHour(state.blocks.first_hour()))};
  ForEachDay(rollups, scan, [&](NameId, Day day, const NameDay& row) {
    int64_t concerned = 0;
    for (const auto& [series, sums] : row.series) {
      concerned += plan.covered[series.value()] ? sums.calls : 0;
    }
    plan.calls += concerned;
    for (const auto& [hour, sums] : row.hours) {
      if (concerned != 0 && sums.calls != 0) {
        hours[FirstHourOf(day) + hour] += sums.calls;
      }
    }
  });
  plan.hours.assign(hours.begin(), hours.end());
  std::sort(plan.hours.begin(), plan.hours.end());
  const Day newest = DayOf(state.views.latest_call_us());
  const Hour first_of_window =
      newest < Day(kBaselineDays) ? Hour() : FirstHourOf(newest - (kBaselineDays - 1));
  const auto in_window = std::lower_bound(plan.hours.begin(), plan.hours.end(),
                                          std::pair(first_of_window, int64_t{0}));
  std::rotate(plan.hours.begin(), in_window, plan.hours.end());
  return plan;
}

}  // namespace itemized
