#include "storage/views/outcomes.h"

#include <algorithm>

#include "storage/base/bytes.h"

namespace itemized {
namespace {

// Family::kOutcomes (storage/FORMAT.md, "Outcomes").
constexpr char kCellPrefix = 'o';
constexpr char kUnsurfacedPrefix = 'u';

std::string RowKey(char prefix, uint32_t id, Hour hour) {
  std::string key(1, prefix);
  AppendBigEndian32(&key, id);
  AppendBigEndian32(&key, hour);
  return key;
}

int64_t Capped(Picos picos) {
  return picos > Picos(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(picos);
}

absl::Status Damaged() {
  return absl::DataLossError("the store is damaged: a row of the outcomes cannot be read");
}

}  // namespace

Picos UnsurfacedOf(const Run& run, const Catalog& catalog) {
  Picos total = 0;
  if (!run.completion().has_value() || run.completion()->unused_steps.empty()) {
    return total;
  }
  for (const RunCall& call : run.ledger()) {
    if (!call.retracted && run.Unused(catalog.Series(call.series)[NameKind::kStep])) {
      total += call.cost.picos;
    }
  }
  return total;
}

NameId WorkflowOf(const Run& run, const Catalog& catalog) {
  if (run.completion().has_value() && run.completion()->workflow != 0) {
    return run.completion()->workflow;
  }
  NameId found = 0;
  int64_t found_us = 0;
  for (const RunCall& call : run.ledger()) {
    const NameId workflow = catalog.Series(call.series)[NameKind::kWorkflow];
    if (call.retracted || workflow == 0) {
      continue;
    }
    const bool earlier = call.time_us < found_us ||
                         (call.time_us == found_us && catalog.Name(NameKind::kWorkflow, workflow) <
                                                          catalog.Name(NameKind::kWorkflow, found));
    if (found == 0 || earlier) {
      found = workflow;
      found_us = call.time_us;
    }
  }
  return found;
}

RunShare ShareOf(const Run& run, const Catalog& catalog) {
  return {.workflow = WorkflowOf(run, catalog),
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
  const CellKey key{share.workflow, HourOf(share.anchor_us)};
  cells_[key].Add(share, sign);
  dirty_cells_.insert(key);
  runs_ += sign;
  if (!run.completion().has_value() || run.completion()->unused_steps.empty()) {
    return;
  }
  for (const RunCall& call : run.ledger()) {
    if (call.retracted || call.cost.picos == 0 ||
        !run.Unused(catalog.Series(call.series)[NameKind::kStep])) {
      continue;
    }
    const UnsurfacedKey cell{call.series, HourOf(call.time_us)};
    const Picos change = Picos(sign) * Picos(call.cost.picos);
    unsurfaced_[cell] += change;
    unsurfaced_days_[{call.series, DayOf(call.time_us)}] += change;
    dirty_unsurfaced_.insert(cell);
    ++unsurfaced_version_;
  }
}

// Whole days where they fit, hours at the rims.
Picos Outcomes::UnsurfacedIn(SeriesId series, Hour from, Hour to) const {
  Picos sum = 0;
  const Day first_day = (from + 23) / 24;
  const Day end_day = to / 24;
  const auto add_hours = [&](Hour begin, Hour end) {
    auto it = unsurfaced_.lower_bound({series, begin});
    for (; it != unsurfaced_.end() && it->first < UnsurfacedKey{series, end}; ++it) {
      sum += it->second;
    }
  };
  if (first_day >= end_day) {
    add_hours(from, to);
    return sum;
  }
  add_hours(from, first_day * 24);
  auto day = unsurfaced_days_.lower_bound({series, first_day});
  for (; day != unsurfaced_days_.end() && day->first < std::pair(series, end_day); ++day) {
    sum += day->second;
  }
  add_hours(end_day * 24, to);
  return sum;
}

void Outcomes::Checkpoint(KvBatch* batch) {
  for (const CellKey& key : dirty_cells_) {
    const auto found = cells_.find(key);
    std::string row_key = RowKey(kCellPrefix, key.first, key.second);
    if (found->second.empty()) {
      batch->Delete(Family::kOutcomes, std::move(row_key));
      cells_.erase(found);
      continue;
    }
    std::string value;
    found->second.EncodeTo(&value);
    batch->Put(Family::kOutcomes, std::move(row_key), std::move(value));
  }
  dirty_cells_.clear();
  for (const UnsurfacedKey& key : dirty_unsurfaced_) {
    const auto found = unsurfaced_.find(key);
    std::string row_key = RowKey(kUnsurfacedPrefix, key.first, key.second);
    if (found->second == 0) {
      batch->Delete(Family::kOutcomes, std::move(row_key));
      unsurfaced_.erase(found);
      continue;
    }
    std::string value;
    AppendZigzag128(&value, found->second);
    batch->Put(Family::kOutcomes, std::move(row_key), std::move(value));
  }
  dirty_unsurfaced_.clear();
}

absl::Status Outcomes::Load(const Kv& kv) {
  auto rows = kv.Scan(Family::kOutcomes, "", "");
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    absl::string_view value = rows->value();
    const char prefix = key.empty() ? '\0' : key[0];
    key.remove_prefix(key.empty() ? 0 : 1);
    uint32_t id = 0;
    Hour hour = 0;
    if (!ReadBigEndian32(&key, &id) || !ReadBigEndian32(&key, &hour) || !key.empty()) {
      return Damaged();
    }
    if (prefix == kCellPrefix) {
      OutcomeCell& cell = cells_[{id, hour}];
      if (!cell.DecodeFrom(&value) || !value.empty()) {
        return Damaged();
      }
      for (const int64_t count : cell.sums.runs) {
        runs_ += count;
      }
      continue;
    }
    Picos unsurfaced = 0;
    if (prefix != kUnsurfacedPrefix || !ReadZigzag128(&value, &unsurfaced) || !value.empty()) {
      return Damaged();
    }
    unsurfaced_[{id, hour}] = unsurfaced;
    unsurfaced_days_[{id, hour / 24}] += unsurfaced;
  }
  return rows->status();
}

}  // namespace itemized
