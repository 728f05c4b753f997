// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/views: what is folded call by call: rollups and baselines. May use base, model, sketch,
// kv, catalog and block.

// Calls rolled up by day, once for each of their names: the view behind rankings and series. Days
// of a step also have sums for each hour and each series, but no histograms of those, which have
// too few calls for them.

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
  Histogram flagged_cost;  // Costs that do not count in the baseline; empty but for steps.
  Histogram duration;      // Microseconds, of all calls.
  // Sums of each hour of the day that has calls, by rising hour; empty but for steps.
  std::vector<std::pair<uint8_t, CallSums>> hours;
  // Sums of each series, by rising SeriesId; empty but for steps.
  std::vector<std::pair<SeriesId, CallSums>> series;

  void EncodeTo(std::string* out) const;
  // Reads the persisted form (storage/FORMAT.md, "Rollups"); false if malformed. `series_count` is
  // how many series the catalog has.
  bool DecodeFrom(absl::string_view* in, size_t series_count);
  void Compact();
};

// Returns whether a row's cost counts in the baseline of its step: it does unless the row was
// flagged against a learned median.
bool CountsInBaseline(const CallRows& calls, size_t row);

// All rollups. Not thread-safe: State::mutex guards it.
class CallRollups {
 public:
  // Folds rows in. The result does not depend on their order.
  void Fold(const RowsByName& rows);

  // Sums over all calls of the store, which the guard against overflow looks at.
  const CallSums& total() const { return total_; }

  // The days of one name, by rising day. A day stays when all its calls are retracted.
  size_t name_count(NameKind kind) const { return names_[static_cast<size_t>(kind)].size(); }
  const BucketTable<Day, NameDay>& DaysOf(NameKind kind, NameId name) const {
    return TableAt(names_[static_cast<size_t>(kind)], name);
  }

  // The latest hour with a row of any step; 0 if there is none.
  Hour latest_hour() const;

  // Forgets the days before `day`, also those that no checkpoint has written yet.
  void DropBefore(Day day);

  // Adds every row that has changed since the last Checkpoint to `batch`, as an absolute value.
  // `team` shares the encoding.
  void Checkpoint(ThreadTeam* team, KvBatch* batch);
  absl::Status Load(const Kv& kv, const Catalog& catalog);

 private:
  struct NameKey {
    NameKind kind = NameKind::kStep;
    NameId name{};
    Day day{};
  };
  BucketTable<Day, NameDay>& TableOf(NameKind kind, NameId name) {
    return TableAt(&names_[static_cast<size_t>(kind)], name);
  }
  const NameDay& RowOf(const NameKey& key) const;
  NameDay& DayOf(NameKind kind, NameId name, Day day);
  void AddCosts(const RowsByName::Part& part, Histogram* flagged, Histogram* others);
  void AddStepSums(const RowsByName::Part& part, NameDay* day);
  absl::Status LoadRow(absl::string_view key, absl::string_view value, const Catalog& catalog);

  std::array<std::vector<BucketTable<Day, NameDay>>, kNameKindCount>
      names_;  // Indexed by NameKind, then NameId.
  CallSums total_;
  std::vector<NameKey> dirty_names_;
  std::vector<NameKey> hot_names_;  // Rows dirty at the last checkpoint, which may still be dense.

  std::vector<uint32_t> flagged_rows_;  // Scratch of AddCosts, as is the next one.
  std::vector<uint32_t> other_rows_;

  // Indexed by SeriesId: where its sums were last found in the list of its step's day.
  std::vector<size_t> series_places_;
};

}  // namespace itemized
