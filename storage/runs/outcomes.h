// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs rolled up by workflow and hour, which is the view behind cost per completed workflow; and
// unsurfaced spend by series and hour.

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

// Returns what the run spent on steps whose output no user saw. A run with unused steps must not be
// brief, here and below.
Picos UnsurfacedOf(const Run& run, const Catalog& catalog);
RunShare ShareOf(const Run& run, const Catalog& catalog);

// Sums over runs, by their outcomes.
struct RunSums {
  std::array<int64_t, kOutcomeCount> runs{};  // How many runs have each Outcome.
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
  Histogram completed_cost;  // Pico-dollars of each completed run, capped at 2^63-1.

  bool empty() const { return sums == RunSums{}; }
  void Add(const RunShare& share, int sign);
  void Merge(const OutcomeCell& other);
  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

// Not thread-safe: the lock of the views guards it.
class Outcomes {
 public:
  // Hours before `first_hour` are not kept: what is posted there is ignored.
  explicit Outcomes(Hour first_hour = Hour()) : first_hour_(first_hour) {}

  // Forgets the hours before `hour`, which is the first of a UTC day, and what of them is still to
  // be written.
  void DropBefore(Hour hour);

  // Adds a run (`sign` 1), or takes it out (-1) as it was added.
  void Post(const Run& run, int sign, const Catalog& catalog);

  // Every workflow that has runs here has a number below this.
  size_t workflow_count() const { return cells_[0].size(); }
  // Adds the runs of `workflow` with an anchor in whole hours [from, to) to `*out`.
  void Gather(NameId workflow, Hour from, Hour to, OutcomeCell* out) const;

  // Returns the unsurfaced spend of a name in whole hours [from, to), by the calls' own time.
  Picos UnsurfacedIn(NameKind kind, NameId name, Hour from, Hour to) const;
  // Calls visit(series, picos) with the unsurfaced spend of each series in each of these hours, in
  // no order.
  template <typename Visit>
  void VisitUnsurfaced(Hour from, Hour to, Visit visit) const {
    for (const auto& [key, row] : unsurfaced_) {
      if (key.second >= from && key.second < to) {
        visit(key.first, row.picos);
      }
    }
  }
  // Whether any call of this hour is unsurfaced and cost something.
  bool HasUnsurfaced(Hour hour) const;
  // Returns a number that changes with whatever is known here of runs and calls of this hour; 0 if
  // nothing is known.
  uint64_t VersionOf(Hour hour) const;
  // The number of runs in all cells.
  int64_t runs() const { return runs_; }

  // Adds every row that has changed since the last call to `batch`, as an absolute value.
  void Checkpoint(KvBatch* batch);
  // Reads what Checkpoint wrote. DATA_LOSS if a row cannot be read, else the errors of Kv.
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

  // Runs are summed up in buckets of one hour, one day and eight days, so that a month is gathered
  // from about ten cells. A cell is known by its first hour.
  static constexpr std::array<uint32_t, 3> kLevelHours = {1, 24, 8 * 24};

  static Hour CellOf(size_t level, Hour hour);
  void GatherLevel(size_t level, NameId workflow, Hour from, Hour to, OutcomeCell* out) const;
  void SumUpLevels();
  void PostUnsurfaced(const Run& run, int sign, const Catalog& catalog);
  void AddUnsurfaced(SeriesId series, Hour hour, Picos change, const Catalog& catalog);
  void CheckpointUnsurfaced(KvBatch* batch);

  Hour first_hour_{};
  // Cells by level, whose buckets last kLevelHours, then by workflow. Longer buckets follow from
  // the hours.
  std::array<std::vector<BucketTable<Hour, OutcomeCell>>, kLevelHours.size()> cells_;
  std::vector<std::pair<NameId, Hour>> dirty_hours_;
  absl::flat_hash_map<SeriesHour, Unsurfaced> unsurfaced_;
  std::vector<SeriesHour> dirty_unsurfaced_;
  // Unsurfaced spend by kind of name, name and day, which follows from `unsurfaced_`.
  std::array<std::vector<BucketTable<Day, DayPicos>>, kNameKindCount> unsurfaced_days_;
  absl::flat_hash_map<Hour, HourState> hour_states_;
  int64_t runs_ = 0;
};

}  // namespace itemized
