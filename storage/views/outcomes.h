#pragma once

// Runs rolled up by workflow and hour: the view behind cost per completed
// workflow; and unsurfaced spend by series and hour.

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/model/call.h"
#include "storage/sketch/histogram.h"
#include "storage/views/run.h"

namespace itemized {

// What one run adds to the bill of its workflow.
struct RunShare {
  NameId workflow = 0;
  int64_t anchor_us = 0;
  Outcome outcome = Outcome::kOpen;
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos cost = 0;
  Picos unsurfaced = 0;
};

// The workflow of a run: what its completion names, else its earliest call that
// names one (at equal times the first name in order). So it does not depend on
// the order in which calls arrive.
NameId WorkflowOf(const Run& run, const Catalog& catalog);

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

// The runs of a workflow whose anchor lies in one hour.
struct OutcomeCell {
  RunSums sums;
  Histogram completed_cost;  // Pico-dollars of each completed run; capped at 2^63-1.

  bool empty() const { return sums == RunSums{}; }
  void Add(const RunShare& share, int sign);
  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

// Not thread-safe: the engine guards it with the lock of the views.
class Outcomes {
 public:
  using CellKey = std::pair<NameId, Hour>;
  using UnsurfacedKey = std::pair<SeriesId, Hour>;

  // Adds a run, or takes it out as it was added.
  void Post(const Run& run, int sign, const Catalog& catalog);

  // By workflow, then by hour.
  const std::map<CellKey, OutcomeCell>& cells() const { return cells_; }
  // Unsurfaced spend of a series in whole hours [from, to), by the calls' own time.
  Picos UnsurfacedIn(SeriesId series, Hour from, Hour to) const;
  // Changes whenever unsurfaced spend does.
  uint64_t unsurfaced_version() const { return unsurfaced_version_; }
  // Runs in all cells.
  int64_t runs() const { return runs_; }

  void Checkpoint(KvBatch* batch);
  absl::Status Load(const Kv& kv);

 private:
  std::map<CellKey, OutcomeCell> cells_;
  std::map<UnsurfacedKey, Picos> unsurfaced_;
  std::map<std::pair<SeriesId, Day>, Picos> unsurfaced_days_;  // The same by day.
  std::set<CellKey> dirty_cells_;
  std::set<UnsurfacedKey> dirty_unsurfaced_;
  int64_t runs_ = 0;
  uint64_t unsurfaced_version_ = 0;
};

}  // namespace itemized
