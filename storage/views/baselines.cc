#include "storage/views/baselines.h"

#include <algorithm>

namespace itemized {

bool Baselines::InWindow(const Step& step, Day day) {
  return day <= step.newest && step.newest - day < kBaselineDays;
}

// Bit i is set if day newest - i counts in full: it and its two neighbours in
// some row of three days with priced calls were mostly flagged.
uint32_t Baselines::ShiftedDays(const Step& step) {
  uint32_t shifted = 0;
  uint32_t row = 0;
  int length = 0;
  for (const auto& [day, counts] : step.days) {
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

Baselines::Step& Baselines::StepOf(NameId step, SeriesId series) {
  if (step >= steps_.size()) {
    steps_.resize(step + 1);
  }
  if (series >= series_known_.size()) {
    series_known_.resize(series + 1);
  }
  if (!series_known_[series]) {
    series_known_[series] = true;
    steps_[step].series.push_back(series);
  }
  return steps_[step];
}

void Baselines::Apply(const CallRows& calls, size_t row, Step* step) {
  const Day day = DayOf(calls.time_us[row]);
  if (!step->seen || day > step->newest) {
    step->seen = true;
    step->newest = day;
    step->stale = true;
  }
  if (calls.Has(row, kFlagUnpriced) || !InWindow(*step, day)) {
    return;
  }
  const int64_t weight = calls.weight[row];
  const bool baseline = CountsInBaseline(calls, row);
  DayCounts& counts = step->days[day];
  (baseline ? counts.baseline : counts.flagged) += weight;
  const bool shifted = ((step->shifted >> (step->newest - day)) & 1) != 0;
  if (!step->stale && (baseline || shifted)) {
    step->costs.Add(calls.cost_picos[row], weight);
  }
}

void Baselines::Remerge(const CallRollups& rollups, Step* step) {
  step->costs = Histogram();
  step->days.clear();
  const Day first = step->newest >= kBaselineDays - 1 ? step->newest - (kBaselineDays - 1) : 0;
  for (const SeriesId series : step->series) {
    const CallRollups::Days& days = rollups.DaysOf(series);
    for (auto it = days.lower_bound(first); it != days.end(); ++it) {
      DayCounts& counts = step->days[it->first];
      counts.baseline += it->second.baseline_cost.count();
      counts.flagged += it->second.flagged_cost.count();
    }
  }
  step->shifted = ShiftedDays(*step);
  HistogramMerger merger;
  for (const SeriesId series : step->series) {
    const CallRollups::Days& days = rollups.DaysOf(series);
    for (auto it = days.lower_bound(first); it != days.end(); ++it) {
      merger.Merge(it->second.baseline_cost);
      if (((step->shifted >> (step->newest - it->first)) & 1) != 0) {
        merger.Merge(it->second.flagged_cost);
      }
    }
  }
  step->costs = merger.ToHistogram();
  step->stale = false;
}

void Baselines::Fold(const Block& block, const Catalog& catalog, const CallRollups& rollups) {
  const CallRows& calls = block.calls;
  std::vector<NameId> touched;
  for (size_t row = 0; row < calls.size(); ++row) {
    const NameId id = catalog.Series(calls.series[row])[NameKind::kStep];
    Step& step = StepOf(id, calls.series[row]);
    Apply(calls, row, &step);
    if (touched.empty() || touched.back() != id) {
      touched.push_back(id);
    }
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const NameId id : touched) {
    Step& step = steps_[id];
    if (step.stale || ShiftedDays(step) != step.shifted) {
      Remerge(rollups, &step);
    }
    Refresh(&step);
  }
}

void Baselines::Rebuild(const Catalog& catalog, const CallRollups& rollups) {
  steps_.clear();
  series_known_.clear();
  for (SeriesId series = 0; series < rollups.series_count(); ++series) {
    const CallRollups::Days& days = rollups.DaysOf(series);
    if (days.empty()) {
      continue;
    }
    Step& step = StepOf(catalog.Series(series)[NameKind::kStep], series);
    step.newest = std::max(step.newest, days.rbegin()->first);
    step.seen = true;
  }
  for (Step& step : steps_) {
    if (step.seen) {
      Remerge(rollups, &step);
      Refresh(&step);
    }
  }
}

void Baselines::Refresh(Step* step) {
  Threshold threshold;
  threshold.sample_count = step->costs.count();
  if (threshold.sample_count >= kBaselineCallsMin) {
    threshold.learning = false;
    threshold.p50_picos = step->costs.Quantile(0.5);
    if (__builtin_mul_overflow(threshold.p50_picos, kOutlierMultiple, &threshold.picos)) {
      threshold.picos = INT64_MAX;
    }
  }
  step->threshold = threshold;
}

Threshold Baselines::ThresholdOf(NameId step) const {
  return step < steps_.size() ? steps_[step].threshold : Threshold{};
}

}  // namespace itemized
