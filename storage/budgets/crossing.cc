// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/crossing.h"

#include <algorithm>

namespace itemized {
namespace {

// Whether a crossing is still needed: to be sent, or so that it is not told again.
bool IsNeeded(const Crossing& crossing, int64_t now_us) {
  return crossing.delivery == Delivery::kPending || crossing.period.end_us + kLatePeriodUs > now_us;
}

}  // namespace

bool Reaches(Picos spent, Picos amount, int32_t percent) {
  // Both sides are exact: the spend would have to be 10^26 USD to overflow.
  return spent > 0 && spent * 100 >= amount * percent;
}

Judgement Judge(const Budget& budget, TimeRange period, Picos spent,
                const std::vector<Crossing>& known, int64_t now_us) {
  Judgement judgement;
  for (Crossing crossing : known) {
    if (crossing.period == period && crossing.judged_amount != budget.amount) {
      if (Reaches(spent, budget.amount, crossing.percent)) {
        crossing.judged_amount = budget.amount;
        judgement.changed = true;
      } else if (crossing.delivery != Delivery::kPending) {
        judgement.changed = true;  // It is told again once the new amount is crossed.
        continue;
      }
    }
    if (!IsNeeded(crossing, now_us)) {
      judgement.changed = true;
      continue;
    }
    judgement.kept.push_back(crossing);
  }
  for (const int32_t percent : budget.thresholds) {
    const auto is_it = [&](const Crossing& crossing) { return crossing.IsOf(period, percent); };
    if (Reaches(spent, budget.amount, percent) &&
        std::none_of(judgement.kept.begin(), judgement.kept.end(), is_it)) {
      judgement.noticed.push_back(
          {.period = period,
           .percent = percent,
           .amount = budget.amount,
           .spent = spent,
           .forecast = ForecastOf(spent, period, now_us),
           .noticed_us = now_us,
           .judged_amount = budget.amount,
           .delivery = budget.webhook.empty() ? Delivery::kNone : Delivery::kPending});
    }
  }
  judgement.changed = judgement.changed || !judgement.noticed.empty();
  judgement.kept.insert(judgement.kept.end(), judgement.noticed.begin(), judgement.noticed.end());
  std::stable_sort(
      judgement.kept.begin(), judgement.kept.end(),
      [](const Crossing& a, const Crossing& b) { return a.period.start_us < b.period.start_us; });
  return judgement;
}

std::vector<TimeRange> PeriodsToJudge(const Budget& budget, absl::TimeZone zone, int64_t now_us) {
  const TimeRange current = PeriodAt(budget.per, zone, now_us);
  std::vector<TimeRange> periods;
  if (now_us < current.start_us + kLatePeriodUs && budget.set_at_us < current.start_us &&
      current.start_us > kTimeMinUs) {
    periods.push_back(PeriodAt(budget.per, zone, current.start_us - 1));
  }
  periods.push_back(current);
  return periods;
}

}  // namespace itemized
