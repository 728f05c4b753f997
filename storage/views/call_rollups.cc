#include "storage/views/call_rollups.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// Family::kSteps: step, day, series -> DayRollup (storage/FORMAT.md, "Rollups").
std::string RowKey(NameId step, Day day, SeriesId series) {
  std::string key;
  AppendBigEndian32(&key, step);
  AppendBigEndian32(&key, day);
  AppendBigEndian32(&key, series);
  return key;
}

CallSums& HourOfDay(DayRollup* day, int64_t time_us) {
  const uint8_t hour = static_cast<uint8_t>(HourOf(time_us) % 24);
  auto& hours = day->hours;
  if (!hours.empty() && hours.back().first == hour) {
    return hours.back().second;
  }
  const auto at = std::lower_bound(hours.begin(), hours.end(), hour,
                                   [](const auto& entry, uint8_t h) { return entry.first < h; });
  if (at != hours.end() && at->first == hour) {
    return at->second;
  }
  return hours.insert(at, {hour, CallSums{}})->second;
}

}  // namespace

bool CountsInBaseline(const CallRows& calls, size_t row) {
  const uint8_t flags = calls.flags[row];
  return (flags & kFlagOutlier) == 0 || (flags & kFlagLearning) != 0;
}

void DayRollup::EncodeTo(std::string* out) const {
  sums.EncodeTo(out);
  baseline_cost.EncodeTo(out);
  flagged_cost.EncodeTo(out);
  duration.EncodeTo(out);
  AppendVarint(out, hours.size());
  for (const auto& [hour, hour_sums] : hours) {
    AppendVarint(out, hour);
    hour_sums.EncodeTo(out);
  }
}

bool DayRollup::DecodeFrom(absl::string_view* in) {
  if (!sums.DecodeFrom(in)) {
    return false;
  }
  for (Histogram* histogram : {&baseline_cost, &flagged_cost, &duration}) {
    absl::StatusOr<Histogram> decoded = Histogram::DecodeFrom(in);
    if (!decoded.ok()) {
      return false;
    }
    *histogram = *std::move(decoded);
  }
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count > 24) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t hour = 0;
    CallSums hour_sums;
    if (!ReadVarint(in, &hour) || hour >= 24 || !hour_sums.DecodeFrom(in)) {
      return false;
    }
    hours.emplace_back(static_cast<uint8_t>(hour), hour_sums);
  }
  return true;
}

DayRollup& CallRollups::Touch(SeriesId id, Day day) {
  if (id >= series_.size()) {
    series_.resize(id + 1);
  }
  Series& series = series_[id];
  if (series.last == nullptr || series.last_day != day) {
    series.last = &series.days[day];
    series.last_day = day;
    series.last_dirty = std::find(series.dirty.begin(), series.dirty.end(), day) !=
                        series.dirty.end();
  }
  if (!series.last_dirty) {
    if (series.dirty.empty()) {
      dirty_series_.push_back(id);
    }
    series.dirty.push_back(day);
    series.last_dirty = true;
  }
  return *series.last;
}

void CallRollups::Fold(const Block& block) {
  const CallRows& calls = block.calls;
  for (size_t row = 0; row < calls.size(); ++row) {
    const int64_t weight = calls.weight[row];
    DayRollup& day = Touch(calls.series[row], DayOf(calls.time_us[row]));
    day.sums.Add(calls, row);
    HourOfDay(&day, calls.time_us[row]).Add(calls, row);
    if (!calls.Has(row, kFlagUnpriced)) {
      Histogram& cost = CountsInBaseline(calls, row) ? day.baseline_cost : day.flagged_cost;
      cost.Add(calls.cost_picos[row], weight);
    }
    day.duration.Add(calls.duration_us[row], weight);
    total_.Add(calls, row);
  }
}

const CallRollups::Days& CallRollups::DaysOf(SeriesId series) const {
  static const Days* const kNone = new Days;
  return series < series_.size() ? series_[series].days : *kNone;
}

void CallRollups::Checkpoint(const Catalog& catalog, KvBatch* batch) {
  for (const SeriesId id : dirty_series_) {
    Series& series = series_[id];
    const NameId step = catalog.Series(id)[NameKind::kStep];
    for (const Day day : series.dirty) {
      std::string value;
      series.days[day].EncodeTo(&value);
      batch->Put(Family::kSteps, RowKey(step, day, id), std::move(value));
    }
    series.dirty.clear();
    series.last_dirty = false;
  }
  dirty_series_.clear();
}

absl::Status CallRollups::Load(const Kv& kv) {
  auto rows = kv.Scan(Family::kSteps, "", "");
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    absl::string_view value = rows->value();
    uint32_t step = 0;
    Day day = 0;
    SeriesId id = 0;
    if (!ReadBigEndian32(&key, &step) || !ReadBigEndian32(&key, &day) ||
        !ReadBigEndian32(&key, &id) || !key.empty() || id > (SeriesId{1} << 24)) {
      return absl::DataLossError("the store is damaged: a key of the rollups cannot be read");
    }
    if (id >= series_.size()) {
      series_.resize(id + 1);
    }
    DayRollup& rollup = series_[id].days[day];
    if (!rollup.DecodeFrom(&value) || !value.empty()) {
      return absl::DataLossError(absl::StrCat("the store is damaged: the rollup of series ", id,
                                              " for ", FormatTime(DayStartUs(day)),
                                              " cannot be read"));
    }
    total_.Merge(rollup.sums);
  }
  return rows->status();
}

}  // namespace itemized
