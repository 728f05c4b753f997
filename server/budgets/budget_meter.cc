// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/budget_meter.h"

#include <utility>

#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

// More are remembered than budgets have periods at a time.
constexpr size_t kRememberedMax = 4 * kBudgetsMax;

CallFilter FilterOf(const BudgetScope& scope) {
  CallFilter filter;
  switch (scope.kind) {
    case BudgetScopeKind::kAll:
      break;
    case BudgetScopeKind::kStep:
      filter[NameKind::kStep] = scope.value;
      break;
    case BudgetScopeKind::kWorkflow:
      filter[NameKind::kWorkflow] = scope.value;
      break;
    case BudgetScopeKind::kModel:
      filter[NameKind::kModel] = scope.value;
      break;
    case BudgetScopeKind::kProvider:
      filter[NameKind::kProvider] = scope.value;
      break;
    case BudgetScopeKind::kAttribute:
      filter.attributes.emplace_back(scope.key, scope.value);
      break;
  }
  return filter;
}

}  // namespace

BudgetMeter::Key BudgetMeter::KeyOf(const Budget& budget, TimeRange period) {
  return {budget.scope.kind, budget.scope.key, budget.scope.value, period.start_us, period.end_us};
}

// The series is asked for days in UTC whatever the zone of the budget: the rollups answer for
// those, and the two ends of the range are exact all the same.
absl::StatusOr<Measured> BudgetMeter::Measure(const Budget& budget, TimeRange period,
                                              const Cancellation* cancellation) {
  Measured measured{.block = LastBlock(), .as_of_us = clock_.NowUs(), .problem = {}};
  std::optional<Measured> known = Remembered(budget, period);
  if (known.has_value() && known->block == measured.block) {
    known->as_of_us = measured.as_of_us;
    return *std::move(known);
  }
  const SeriesQuery query{.window = Window::Of(period), .filter = FilterOf(budget.scope), .by = {}};
  const absl::StatusOr<SeriesAnswer> series = database_.Series(query, cancellation);
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  if (series.ok()) {
    for (const SeriesPoint& point : series->points) {
      measured.spent += point.sums.cost;
      measured.unpriced_calls += point.sums.unpriced_calls;
    }
  } else {
    measured.problem = series.status();
  }
  const MutexLock lock(mutex_);
  if (measured_.size() >= kRememberedMax) {
    measured_.clear();
  }
  measured_[KeyOf(budget, period)] = measured;
  return measured;
}

std::optional<Measured> BudgetMeter::Remembered(const Budget& budget, TimeRange period) const {
  const MutexLock lock(mutex_);
  const auto found = measured_.find(KeyOf(budget, period));
  return found == measured_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace itemized::server
