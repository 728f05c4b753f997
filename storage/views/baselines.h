// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is normal for a step: the baseline that outliers are measured against. It follows from
// CallRollups alone, so it is not persisted.

#include <cstdint>
#include <vector>

#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/sketch/histogram.h"
#include "storage/views/bucket_table.h"
#include "storage/views/call_rollups.h"
#include "storage/views/rows_by_name.h"

namespace itemized {

inline constexpr int kBaselineDays = 30;
inline constexpr int64_t kOutlierMultiple = 5;                // The threshold is 5 x the p50.
inline constexpr int64_t kBaselineCallsMin = 30;              // A step with fewer is learning.
inline constexpr int64_t kLearningThreshold = 5'000'000'000;  // $0.005, in pico-dollars.
inline constexpr int kShiftDays = 3;

// What the next calls of a step are compared with.
struct Threshold {
  int64_t picos = kLearningThreshold;  // Calls above it are outliers.
  int64_t p50_picos = 0;               // The median of the baseline; 0 while learning.
  int64_t sample_count = 0;            // Calls in the baseline.
  bool learning = true;
};

// How many priced calls a step has on one day.
struct BaselineDay {
  int64_t baseline = 0;  // Calls that were not flagged, or only while the step was learning.
  int64_t flagged = 0;   // Calls that were flagged against a learned median.
};

// The baseline of a step holds the costs of its priced calls over the 30 UTC
// days up to the newest day with any call of it, late days included as they
// change. Calls flagged against a learned median are left out, so that a burst
// of outliers cannot make itself the norm; but where most calls were flagged
// on three days with priced calls in a row, that is a new level and they count.
//
// Not thread-safe: State::mutex guards it.
class Baselines {
 public:
  // Folds rows of one day. Must be called after `rollups` has folded the same rows.
  void Fold(const RowsByName& rows, const CallRollups& rollups);

  // Brings thresholds up to what was folded. Must be called after all blocks of an entry.
  void Settle(const CallRollups& rollups);

  // Starts over from the rollups.
  void Rebuild(const CallRollups& rollups);

  // Returns the threshold of `step`; valid until the next Settle or Rebuild.
  const Threshold& ThresholdOf(NameId step) const {
    static constexpr Threshold kUnseen;
    return step.value() < thresholds_.size() ? thresholds_[step.value()] : kUnseen;
  }

 private:
  struct Step {
    bool seen = false;
    bool touched = false;  // Rows were folded since the last Settle.
    bool stale = false;    // `costs` has to be merged from the days anew.
    Day newest{};
    uint32_t shifted = 0;                // Bit i: day newest - i belongs to a level shift.
    BucketTable<Day, BaselineDay> days;  // The days of the window that have calls.
    Histogram costs;                     // The costs of the calls in the baseline.
  };
  static bool InWindow(const Step& step, Day day);
  static uint32_t ShiftedDays(const Step& step);
  static void Advance(const BucketTable<Day, NameDay>& days, Day day, Step* step);
  void Apply(const RowsByName::Part& part, Step* step);
  static void Remerge(const BucketTable<Day, NameDay>& days, Step* step);
  void Refresh(NameId id);

  std::vector<Step> steps_;             // Indexed by NameId.
  std::vector<Threshold> thresholds_;   // Indexed by NameId; they follow from Step::costs.
  std::vector<NameId> touched_;         // Steps that are touched.
  std::vector<uint32_t> counted_rows_;  // Scratch of Apply.
};

}  // namespace itemized
