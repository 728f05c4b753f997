// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/outcomes.h"

#include <algorithm>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

int64_t Capped(Picos picos) {
  return picos > Picos(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(picos);
}

bool IsAmong(const std::vector<NameId>& steps, const RunCall& call, const Catalog& catalog) {
  return std::binary_search(steps.begin(), steps.end(),
                            catalog.Series(call.series())[NameKind::kStep]);
}

absl::Status Damaged() {
  return absl::DataLossError(
      "The store is damaged: a row of the outcomes cannot be read. Restore the data directory from "
      "a backup.");
}

}  // namespace

Picos UnsurfacedOf(const Run& run, const Catalog& catalog) {
  Picos total = 0;
  if (!run.completion().has_value() || run.completion()->unused_steps.empty()) {
    return total;
  }
  CHECK(!run.is_brief());
  const std::vector<NameId> unused = run.UnusedSteps(catalog);
  for (const RunCall& call : run.ledger()) {
    if (!call.retracted && IsAmong(unused, call, catalog)) {
      total += call.cost_picos;
    }
  }
  return total;
}

RunShare ShareOf(const Run& run, const Catalog& catalog) {
  return {.workflow = run.workflow(),
          .anchor_us = run.AnchorUs(),
          .outcome = run.outcome(),
          .calls = run.calls(),
          .unpriced_calls = run.unpriced_calls(),
          .cost = run.cost(),
          .unsurfaced = UnsurfacedOf(run, catalog)};
}

void RunSums::Add(const RunShare& share, int sign) {
  runs[static_cast<size_t>(share.outcome)] += sign;
  unpriced_calls += sign * share.unpriced_calls;
  spend += Picos(sign) * share.cost;
  unsurfaced += Picos(sign) * share.unsurfaced;
  if (share.outcome == Outcome::kCompleted) {
    completed_calls += sign * share.calls;
    completed_spend += Picos(sign) * share.cost;
  }
}

void RunSums::Merge(const RunSums& other) {
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i] += other.runs[i];
  }
  completed_calls += other.completed_calls;
  unpriced_calls += other.unpriced_calls;
  spend += other.spend;
  completed_spend += other.completed_spend;
  unsurfaced += other.unsurfaced;
}

void OutcomeCell::Add(const RunShare& share, int sign) {
  sums.Add(share, sign);
  if (share.outcome == Outcome::kCompleted) {
    completed_cost.Add(Capped(share.cost), sign);
  }
}

void OutcomeCell::Merge(const OutcomeCell& other) {
  sums.Merge(other.sums);
  completed_cost.Merge(other.completed_cost);
}

void OutcomeCell::EncodeTo(std::string* out) const {
  for (const int64_t count : sums.runs) {
    AppendZigzag(out, count);
  }
  AppendZigzag(out, sums.completed_calls);
  AppendZigzag(out, sums.unpriced_calls);
  AppendZigzag128(out, sums.spend);
  AppendZigzag128(out, sums.completed_spend);
  AppendZigzag128(out, sums.unsurfaced);
  completed_cost.EncodeTo(out);
}

bool OutcomeCell::DecodeFrom(absl::string_view* in) {
  for (int64_t& count : sums.runs) {
    if (!ReadZigzag(in, &count)) {
      return false;
    }
  }
  if (!ReadZigzag(in, &sums.completed_calls) || !ReadZigzag(in, &sums.unpriced_calls) ||
      !ReadZigzag128(in, &sums.spend) || !ReadZigzag128(in, &sums.completed_spend) ||
      !ReadZigzag128(in, &sums.unsurfaced)) {
    return false;
  }
  absl::StatusOr<Histogram> histogram = Histogram::DecodeFrom(in);
  if (!histogram.ok()) {
    return false;
  }
  completed_cost = *std::move(histogram);
  return true;
}

void Outcomes::Post(const Run& run, int sign, const Catalog& catalog) {
  if (!run.exists()) {
    return;
  }
  const RunShare share = ShareOf(run, catalog);
  PostUnsurfaced(run, sign, catalog);
  const Hour hour = HourOf(share.anchor_us);
  if (hour < first_hour_) {
    return;
  }
  for (size_t level = 0; level < cells_.size(); ++level) {
    TableAt(&cells_[level], share.workflow).At(CellOf(level, hour)).value.Add(share, sign);
  }
  auto& cell = cells_[0][share.workflow.value()].At(hour);
  if (!cell.dirty) {
    cell.dirty = true;
    dirty_hours_.emplace_back(share.workflow, hour);
  }
  ++hour_states_[hour].version;
  runs_ += sign;
}

void Outcomes::PostUnsurfaced(const Run& run, int sign, const Catalog& catalog) {
  if (!run.completion().has_value() || run.completion()->unused_steps.empty()) {
    return;
  }
  CHECK(!run.is_brief());
  const std::vector<NameId> unused = run.UnusedSteps(catalog);
  for (const RunCall& call : run.ledger()) {
    if (call.retracted || call.cost_picos == 0 || HourOf(call.time_us) < first_hour_ ||
        !IsAmong(unused, call, catalog)) {
      continue;
    }
    const Hour hour = HourOf(call.time_us);
    AddUnsurfaced(call.series(), hour, Picos(sign) * Picos(call.cost_picos), catalog);
    ++hour_states_[hour].version;
    Unsurfaced& row = unsurfaced_[{call.series(), hour}];
    if (!row.dirty) {
      row.dirty = true;
      dirty_unsurfaced_.emplace_back(call.series(), hour);
    }
  }
}

void Outcomes::AddUnsurfaced(SeriesId series, Hour hour, Picos change, const Catalog& catalog) {
  unsurfaced_[{series, hour}].picos += change;
  hour_states_[hour].unsurfaced += change;
  const SeriesKey& key = catalog.Series(series);
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    auto& days = TableAt(&unsurfaced_days_[kind], key.names[kind]);
    DayPicos& day = days.At(DayOfHour(hour)).value;
    day.sum += change;
    day.hours[HourOfDay(hour)] += change;
  }
}

// Returns the first hour of the cell of `level` that `hour` lies in.
Hour Outcomes::CellOf(size_t level, Hour hour) {
  return hour - hour.value() % kLevelHours[level];
}

void Outcomes::Gather(NameId workflow, Hour from, Hour to, OutcomeCell* out) const {
  GatherLevel(cells_.size() - 1, workflow, from, to, out);
}

// Adds whole buckets of `level` where they fit, and smaller ones at both ends.
void Outcomes::GatherLevel(size_t level, NameId workflow, Hour from, Hour to,
                           OutcomeCell* out) const {
  const Hour first = CellOf(level, from + (kLevelHours[level] - 1));
  const Hour end = CellOf(level, to);
  if (first >= end) {
    if (level > 0) {
      GatherLevel(level - 1, workflow, from, to, out);
    }
    return;
  }
  const BucketTable<Hour, OutcomeCell>& cells = TableAt(cells_[level], workflow);
  const auto begin = cells.LowerBound(first);
  std::vector<const Histogram*> costs;
  for (auto it = begin; it != cells.end() && it->bucket < end; ++it) {
    costs.push_back(&it->value.completed_cost);
  }
  out->completed_cost.Reserve(costs);  // Levels come longest first, so it need hardly grow later.
  for (auto it = begin; it != cells.end() && it->bucket < end; ++it) {
    out->Merge(it->value);
  }
  if (level > 0) {
    GatherLevel(level - 1, workflow, from, first, out);
    GatherLevel(level - 1, workflow, end, to, out);
  }
}

Picos Outcomes::UnsurfacedIn(NameKind kind, NameId name, Hour from, Hour to) const {
  Picos sum = 0;
  const auto& days = TableAt(unsurfaced_days_[static_cast<size_t>(kind)], name);
  for (auto it = days.LowerBound(DayOfHour(from)); it != days.end(); ++it) {
    const Hour midnight = FirstHourOf(it->bucket);
    if (midnight >= to) {
      break;
    }
    const Hour end = std::min(to, midnight + kHoursPerDay);
    if (midnight >= from && midnight + kHoursPerDay <= to) {
      sum += it->value.sum;
      continue;
    }
    for (Hour hour = std::max(from, midnight); hour < end; ++hour) {
      sum += it->value.hours[HourOfDay(hour)];
    }
  }
  return sum;
}

bool Outcomes::HasUnsurfaced(Hour hour) const {
  const auto found = hour_states_.find(hour);
  return found != hour_states_.end() && found->second.unsurfaced != 0;
}

uint64_t Outcomes::VersionOf(Hour hour) const {
  const auto found = hour_states_.find(hour);
  return found == hour_states_.end() ? 0 : found->second.version;
}

void Outcomes::Checkpoint(KvBatch* batch) {
  for (const auto& [workflow, hour] : dirty_hours_) {
    auto& cell = cells_[0][workflow.value()].At(hour);
    cell.dirty = false;
    std::string row_key = keys::Outcome(keys::kOutcomesOfWorkflow, workflow.value(), hour);
    if (cell.value.empty()) {
      batch->Delete(Family::kOutcomes, std::move(row_key));
      cells_[0][workflow.value()].Erase(hour);
      continue;
    }
    cell.value.completed_cost.Compact();  // Cells of the longest level stay dense: they are few.
    cells_[1][workflow.value()].At(CellOf(1, hour)).value.completed_cost.Compact();
    std::string value;
    cell.value.EncodeTo(&value);
    batch->Put(Family::kOutcomes, std::move(row_key), std::move(value));
  }
  dirty_hours_.clear();
  CheckpointUnsurfaced(batch);
}

void Outcomes::CheckpointUnsurfaced(KvBatch* batch) {
  for (const SeriesHour& key : dirty_unsurfaced_) {
    const auto found = unsurfaced_.find(key);
    found->second.dirty = false;
    std::string row_key = keys::Outcome(keys::kUnsurfacedOfSeries, key.first.value(), key.second);
    if (found->second.picos == 0) {
      batch->Delete(Family::kOutcomes, std::move(row_key));
      unsurfaced_.erase(found);
      continue;
    }
    std::string value;
    AppendZigzag128(&value, found->second.picos);
    batch->Put(Family::kOutcomes, std::move(row_key), std::move(value));
  }
  dirty_unsurfaced_.clear();
}

// Makes the longer buckets, and the number of runs, from the hours.
void Outcomes::SumUpLevels() {
  runs_ = 0;
  for (size_t level = 1; level < cells_.size(); ++level) {
    cells_[level].clear();
  }
  for (NameId workflow; workflow.value() < cells_[0].size(); ++workflow) {
    for (const auto& entry : cells_[0][workflow.value()]) {
      for (size_t level = 1; level < cells_.size(); ++level) {
        TableAt(&cells_[level], workflow).At(CellOf(level, entry.bucket)).value.Merge(entry.value);
      }
      for (const int64_t count : entry.value.sums.runs) {
        runs_ += count;
      }
    }
  }
}

void Outcomes::DropBefore(Hour hour) {
  first_hour_ = hour;
  const auto is_old = [hour](const auto& key_and_hour) { return key_and_hour.second < hour; };
  std::erase_if(dirty_hours_, is_old);
  std::erase_if(dirty_unsurfaced_, is_old);
  for (BucketTable<Hour, OutcomeCell>& cells : cells_[0]) {
    cells.EraseBefore(hour);
  }
  absl::erase_if(unsurfaced_, [&](const auto& entry) { return is_old(entry.first); });
  for (std::vector<BucketTable<Day, DayPicos>>& of_kind : unsurfaced_days_) {
    for (BucketTable<Day, DayPicos>& days : of_kind) {
      days.EraseBefore(DayOfHour(hour));
    }
  }
  absl::erase_if(hour_states_, [hour](const auto& entry) { return entry.first < hour; });
  SumUpLevels();
}

absl::Status Outcomes::Load(const Kv& kv, const Catalog& catalog) {
  auto rows = kv.Scan(Family::kOutcomes, "", keys::kWatermark);
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    absl::string_view value = rows->value();
    const char prefix = key.empty() ? '\0' : key[0];
    key.remove_prefix(key.empty() ? 0 : 1);
    uint32_t id = 0;
    Hour hour{};
    if (!ReadBigEndian32(&key, &id) || !ReadBigEndianId(&key, &hour) || !key.empty() ||
        id > kSeriesMax) {
      return Damaged();
    }
    ++hour_states_[hour].version;
    if (prefix == keys::kOutcomesOfWorkflow) {
      OutcomeCell cell;
      if (!cell.DecodeFrom(&value) || !value.empty()) {
        return Damaged();
      }
      TableAt(&cells_[0], NameId(id)).At(hour).value = std::move(cell);
      continue;
    }
    Picos unsurfaced = 0;
    if (prefix != keys::kUnsurfacedOfSeries || id >= catalog.series_count() ||
        !ReadZigzag128(&value, &unsurfaced) || !value.empty()) {
      return Damaged();
    }
    AddUnsurfaced(SeriesId(id), hour, unsurfaced, catalog);
  }
  SumUpLevels();
  return rows->status();
}

}  // namespace itemized
