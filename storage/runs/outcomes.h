// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs rolled up by workflow and hour: the view behind cost per completed
// workflow; and unsurfaced spend by series and hour.

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/model/call.h"
#include "storage/runs/run.h"
#include "storage/sketch/histogram.h"
#include "storage/views/bucket_table.h"

namespace itemized {

// What one run adds to the bill of its workflow.
struct RunShare {
  NameId workflow = kUnnamed;
  int64_t anchor_us = 0;
  Outcome outcome = Outcome::kOpen;
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos cost = 0;
  Picos unsurfaced = 0;
};

// Spent on steps whose output no user saw.
Picos UnsurfacedOf(const Run& run, const Catalog& catalog);
RunShare ShareOf(const Run& run, const Catalog& catalog);

// Sums over runs.
struct RunSums {
  std::array<int64_t, kOutcomeCount> runs{};  // By Outcome.
  int64_t completed_calls = 0;
  int64_t unpriced_calls = 0;
  Picos spend = 0;
  Picos completed_spend = 0;
  Picos unsurfaced = 0;

  void Add(const RunShare& share, int sign);
  void Merge(const RunSums& other);
  bool operator==(const RunSums&) const = default;
};

// The runs of a workflow whose anchor lies in one hour or day.
struct OutcomeCell {
  RunSums sums;
  Histogram completed_cost;  // Pico-dollars of each completed run; capped at 2^63-1.

  bool empty() const { return sums == RunSums{}; }
  void Add(const RunShare& share, int sign);
  void Merge(const OutcomeCell& other);
  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

// Not thread-safe: the engine guards it with the lock of the views.
class Outcomes {
 public:
  // Hours before `first_hour` are no longer kept: what is posted there is ignored.
  explicit Outcomes(Hour first_hour = Hour()) : first_hour_(first_hour) {}

  // Forgets earlier hours, and what of them is still to be written. `hour` is the first of a UTC
  // day.
  void DropBefore(Hour hour);

  // Adds a run, or takes it out as it was added.
  void Post(const Run& run, int sign, const Catalog& catalog);

  // Workflows have numbers below it.
  size_t workflow_count() const { return cells_[0].size(); }
  // Adds the runs of `workflow` with an anchor in whole hours [from, to) to `*out`.
  void Gather(NameId workflow, Hour from, Hour to, OutcomeCell* out) const;

  // Unsurfaced spend of a name in whole hours [from, to), by the calls' own time.
  Picos UnsurfacedIn(NameKind kind, NameId name, Hour from, Hour to) const;
  // Whether any call of this hour is unsurfaced and cost something.
  bool HasUnsurfaced(Hour hour) const;
  // Changes with whatever is known here of runs and calls of this hour; 0 if
  // there is nothing.
  uint64_t VersionOf(Hour hour) const;
  // Runs in all cells.
  int64_t runs() const { return runs_; }

  void Checkpoint(KvBatch* batch);
  absl::Status Load(const Kv& kv, const Catalog& catalog);

 private:
  using SeriesHour = std::pair<SeriesId, Hour>;
  struct DayPicos {
    Picos sum = 0;
    std::array<Picos, 24> hours{};
  };
  struct Unsurfaced {
    Picos picos = 0;
    bool dirty = false;
  };
  struct HourState {
    uint64_t version = 0;
    Picos unsurfaced = 0;
  };

  // In hours: single ones, days, and eight days, so that a month is gathered from about ten
  // cells. A cell is known by its first hour.
  static constexpr std::array<uint32_t, 3> kLevelHours = {1, 24, 8 * 24};

  static Hour CellOf(size_t level, Hour hour);
  void GatherLevel(size_t level, NameId workflow, Hour from, Hour to, OutcomeCell* out) const;
  void SumUpLevels();
  void PostUnsurfaced(const Run& run, int sign, const Catalog& catalog);
  void AddUnsurfaced(SeriesId series, Hour hour, Picos change, const Catalog& catalog);
  void CheckpointUnsurfaced(KvBatch* batch);

  Hour first_hour_{};
  // By level, whose buckets last kLevelHours, and workflow. All follow from the hours.
  std::array<std::vector<BucketTable<Hour, OutcomeCell>>, kLevelHours.size()> cells_;
  std::vector<std::pair<NameId, Hour>> dirty_hours_;
  absl::flat_hash_map<SeriesHour, Unsurfaced> unsurfaced_;
  std::vector<SeriesHour> dirty_unsurfaced_;
  // The same by kind, name and day.
  std::array<std::vector<BucketTable<Day, DayPicos>>, kNameKindCount> unsurfaced_days_;
  absl::flat_hash_map<Hour, HourState> hour_states_;
  int64_t runs_ = 0;
};

}  // namespace itemized
