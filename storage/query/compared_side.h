// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/pricing/rate_lookups.h"
#include "storage/query/call_source.h"
#include "storage/query/compare_types.h"
#include "storage/query/query_context.h"
#include "storage/query/snapshot.h"

namespace itemized {

// The calls of one side by series, and what a comparison has to know of them besides. Not
// thread-safe.
class ComparedSide {
 public:
  // How many units of each class calls were billed for; kRequestPrice counts the calls themselves.
  // Reasoning is part of the output.
  using Units = std::array<Picos, kPriceCount>;

  struct Series {
    CallSums sums;
    // What the units of each class cost; it adds up to sums.cost. Rates say how the classes share
    // it, those of a usual call at noon of each UTC day. Where no rate says, each token costs the
    // same; a call without tokens costs what it costs.
    Units cost{};
  };
  using SeriesParts = absl::flat_hash_map<SeriesKey, Series>;

  // Takes what rollups have, and opens the log for the rest. `range` is what the window of `side`
  // resolves to; that and the context outlive it.
  static absl::StatusOr<ComparedSide> Open(const QueryContext& context, const Snapshot& snapshot,
                                           const CompareSide& side, TimeRange range, NameKind by,
                                           const Cancellation* cancellation);
  ComparedSide(ComparedSide&&) noexcept;
  ComparedSide& operator=(ComparedSide&&) noexcept;
  ~ComparedSide();

  // Reads the log, once the snapshot has ended. Everything below is known afterwards.
  absl::Status Read(const Cancellation* cancellation);

  const TimeRange& range() const { return range_; }
  const SeriesParts& series() const { return series_; }
  // The runs of each workflow: those that Outcomes have in the range, or with a filter by attribute
  // those that have a call.
  int64_t RunsOf(NameId workflow) const;
  const absl::flat_hash_map<NameId, int64_t>& runs() const { return runs_; }
  // Sets the durations of the calls of this name.
  void SetDurations(const std::string& key, ComparedCalls* calls) const;

  // How many units of each class `sums` has.
  static Units UnitsOf(const CallSums& sums);

 private:
  class Worker;
  using SeriesDay = std::pair<SeriesKey, Day>;
  using SumsByDay = absl::flat_hash_map<SeriesDay, CallSums>;

  ComparedSide(const QueryContext& context, const CompareSide& side, NameKind by, TimeRange range);

  absl::Status OpenLog(const Snapshot& snapshot, const CallSource& source);
  absl::Status ReadRollups(const Snapshot& snapshot, CallSource* source);
  absl::Status ReadLog(const Cancellation* cancellation);
  absl::Status AskViews(const Cancellation* cancellation);
  void AddDay(const SeriesKey& key, Day day, const CallSums& sums);
  void ShareOutCosts();

  const QueryContext* context_;
  const CompareSide* side_;
  NameKind by_;
  TimeRange range_;
  std::unique_ptr<RateLookups> rates_ = std::make_unique<RateLookups>();
  absl::flat_hash_map<SeriesKey, RateLookups::SchedulePtr> schedules_;
  SumsByDay days_;  // Those that are added up row by row.
  SeriesParts series_;
  absl::flat_hash_map<NameId, int64_t> runs_;
  absl::flat_hash_map<std::string, std::pair<int64_t, int64_t>> durations_;  // p50 and p95 by key.
  std::unique_ptr<LogScan> log_;                  // Null if the rollups have all.
  std::vector<std::unique_ptr<Worker>> workers_;  // They read the log.
};

}  // namespace itemized
