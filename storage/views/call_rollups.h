// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calls rolled up by day, once for each of their names: the view behind
// rankings and series. Of a step it also keeps the hours and the series, but
// without histograms: those have too few calls for them.

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/parallel_for.h"
#include "storage/base/time.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/sketch/histogram.h"
#include "storage/views/bucket_table.h"
#include "storage/views/call_sums.h"
#include "storage/views/rows_by_name.h"

namespace itemized {

// The calls of one step, workflow, provider or model in one UTC day.
struct NameDay {
  CallSums sums;
  Histogram cost;          // Pico-dollars of priced calls, without those of flagged_cost.
  Histogram flagged_cost;  // Steps only: of calls that do not count in the baseline.
  Histogram duration;      // Microseconds, of all calls.
  // Steps only: by rising hour of the day, hours without calls left out.
  std::vector<std::pair<uint8_t, CallSums>> hours;
  // Steps only: by rising SeriesId.
  std::vector<std::pair<SeriesId, CallSums>> series;

  void EncodeTo(std::string* out) const;
  // `series_count`: of the catalog.
  bool DecodeFrom(absl::string_view* in, size_t series_count);
  void Compact();
};

// True if a row's cost counts in the baseline of its step: all but those that
// were flagged against a learned median.
bool CountsInBaseline(const CallRows& calls, size_t row);

// Not thread-safe: the engine guards it with the lock of the views.
class CallRollups {
 public:
  // Folds rows in. They may come in any order; the result is the same.
  void Fold(const RowsByName& rows);

  // Of all calls: what the guard against overflow looks at.
  const CallSums& total() const { return total_; }

  // By day; a day stays when all its calls are retracted.
  size_t name_count(NameKind kind) const { return names_[static_cast<size_t>(kind)].size(); }
  const BucketTable<NameDay>& DaysOf(NameKind kind, NameId name) const {
    return TableAt(names_[static_cast<size_t>(kind)], name);
  }

  // The latest hour with a row of any step; 0 if there is none.
  Hour latest_hour() const;

  // Forgets earlier days, and what of them is still to be written.
  void DropBefore(Day day);

  // Adds every row that has changed since the last call to `batch`, as an absolute value. `team`
  // shares the encoding.
  void Checkpoint(ThreadTeam* team, KvBatch* batch);
  absl::Status Load(const Kv& kv, const Catalog& catalog);

 private:
  struct NameKey {
    NameKind kind = NameKind::kStep;
    NameId name = 0;
    Day day = 0;
  };
  BucketTable<NameDay>& TableOf(NameKind kind, NameId name) {
    return TableAt(&names_[static_cast<size_t>(kind)], name);
  }
  const NameDay& RowOf(const NameKey& key) const;
  NameDay& DayOf(NameKind kind, NameId name, Day day);
  void AddCosts(const RowsByName::Part& part, Histogram* flagged, Histogram* others);
  void AddStepSums(const RowsByName::Part& part, NameDay* day);
  absl::Status LoadRow(absl::string_view key, absl::string_view value, const Catalog& catalog);

  std::array<std::vector<BucketTable<NameDay>>, kNameKindCount> names_;  // By kind, then NameId.
  CallSums total_;
  std::vector<NameKey> dirty_names_;
  std::vector<NameKey> hot_names_;  // Dirty at the last checkpoint: may still be dense.

  std::vector<uint32_t> flagged_rows_;  // Of the part at hand.
  std::vector<uint32_t> other_rows_;

  // By SeriesId: where its sums were last found in the list of its step's day.
  std::vector<size_t> series_places_;
};

}  // namespace itemized
