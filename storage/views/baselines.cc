// SPDX-License-Identifier: Apache-2.0
#include "storage/views/baselines.h"

#include <algorithm>

namespace itemized {
namespace {

// The first day of the window that ends with `newest`.
Day FirstDay(Day newest) {
  return newest >= Day(kBaselineDays - 1) ? newest - (kBaselineDays - 1) : Day();
}

}  // namespace

bool Baselines::InWindow(const Step& step, Day day) {
  return day <= step.newest && step.newest - day < kBaselineDays;
}

// Returns a bit for each day that counts in full, bit i for day newest - i: one of three days in a
// row (among those with priced calls) on each of which most calls were flagged.
uint32_t Baselines::ShiftedDays(const Step& step) {
  uint32_t shifted = 0;
  uint32_t row = 0;
  int length = 0;
  for (const auto& [day, dirty, counts] : step.days) {
    if (counts.baseline + counts.flagged == 0) {
      continue;
    }
    if (counts.flagged <= counts.baseline) {
      row = 0;
      length = 0;
      continue;
    }
    row |= uint32_t{1} << (step.newest - day);
    if (++length >= kShiftDays) {
      shifted |= row;
    }
  }
  return shifted;
}

// Moves the window on to end with `day`, and takes out what has left it.
void Baselines::Advance(const BucketTable<Day, NameDay>& days, Day day, Step* step) {
  const int64_t moved = day - step->newest;
  if (!step->seen || moved >= kBaselineDays) {
    step->stale = step->seen;
    step->seen = true;
    step->newest = day;
    return;
  }
  const Day first = FirstDay(day);
  for (auto it = days.LowerBound(FirstDay(step->newest));
       !step->stale && it != days.end() && it->bucket < first; ++it) {
    step->costs.Subtract(it->value.cost);
    if (((step->shifted >> (step->newest - it->bucket)) & 1) != 0) {
      step->costs.Subtract(it->value.flagged_cost);
    }
    step->days.Erase(it->bucket);
  }
  constexpr uint32_t kWindowBits = (uint32_t{1} << kBaselineDays) - 1;
  step->shifted = (step->shifted << moved) & kWindowBits;
  step->newest = day;
}

void Baselines::Apply(const RowsByName::Part& part, Step* step) {
  const Day day = DayOfHour(part.block->ref.hour);
  if (!InWindow(*step, day)) {
    return;
  }
  const CallRows& calls = part.block->calls;
  const bool shifted = ((step->shifted >> (step->newest - day)) & 1) != 0;
  BaselineDay counts;
  counted_rows_.clear();
  for (const uint32_t row : part.rows) {
    if (!calls.IsRatedAt(row)) {
      continue;
    }
    const bool baseline = CountsInBaseline(calls, row);
    (baseline ? counts.baseline : counts.flagged) += calls.weight[row];
    if (!step->stale && (baseline || shifted)) {
      counted_rows_.push_back(row);
    }
  }
  step->costs.AddEach(calls.cost_picos, calls.weight, counted_rows_);
  BaselineDay& total = step->days.At(day).value;
  total.baseline += counts.baseline;
  total.flagged += counts.flagged;
}

void Baselines::Remerge(const BucketTable<Day, NameDay>& days, Step* step) {
  const Day first = FirstDay(step->newest);
  step->days.clear();
  for (auto it = days.LowerBound(first); it != days.end(); ++it) {
    step->days.At(it->bucket).value = {.baseline = it->value.cost.count(),
                                       .flagged = it->value.flagged_cost.count()};
  }
  step->shifted = ShiftedDays(*step);
  step->costs = Histogram();
  for (auto it = days.LowerBound(first); it != days.end(); ++it) {
    step->costs.Merge(it->value.cost);
    if (((step->shifted >> (step->newest - it->bucket)) & 1) != 0) {
      step->costs.Merge(it->value.flagged_cost);
    }
  }
  step->stale = false;
}

void Baselines::Fold(const RowsByName& rows, const CallRollups& rollups) {
  for (const RowsByName::Part& part : rows.Parts(NameKind::kStep)) {
    const Day day = DayOfHour(part.block->ref.hour);
    if (part.name.value() >= steps_.size()) {
      steps_.resize(part.name.value() + 1);
    }
    Step& step = steps_[part.name.value()];
    if (!step.touched) {
      step.touched = true;
      touched_.push_back(part.name);
    }
    if (!step.seen || day > step.newest) {
      Advance(rollups.DaysOf(NameKind::kStep, part.name), day, &step);
    }
    Apply(part, &step);
  }
}

void Baselines::Settle(const CallRollups& rollups) {
  for (const NameId id : touched_) {
    Step& step = steps_[id.value()];
    step.touched = false;
    if (step.stale || ShiftedDays(step) != step.shifted) {
      Remerge(rollups.DaysOf(NameKind::kStep, id), &step);
    }
    Refresh(id);
  }
  touched_.clear();
}

void Baselines::Rebuild(const CallRollups& rollups) {
  steps_.clear();
  steps_.resize(rollups.name_count(NameKind::kStep));
  thresholds_.clear();
  touched_.clear();
  for (NameId id; id.value() < steps_.size(); ++id) {
    const BucketTable<Day, NameDay>& days = rollups.DaysOf(NameKind::kStep, id);
    if (days.empty()) {
      continue;
    }
    Step& step = steps_[id.value()];
    step.newest = days.back().bucket;
    step.seen = true;
    Remerge(days, &step);
    Refresh(id);
  }
}

void Baselines::Refresh(NameId id) {
  const Histogram& costs = steps_[id.value()].costs;
  Threshold threshold;
  threshold.sample_count = costs.count();
  if (threshold.sample_count >= kBaselineCallsMin) {
    threshold.learning = false;
    threshold.p50_picos = costs.Quantile(0.5);
    if (__builtin_mul_overflow(threshold.p50_picos, kOutlierMultiple, &threshold.picos)) {
      threshold.picos = INT64_MAX;
    }
  }
  thresholds_.resize(steps_.size());
  thresholds_[id.value()] = threshold;
}

}  // namespace itemized
