// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/cancellation.h"
#include "storage/base/time.h"
#include "storage/query/call_totals.h"
#include "storage/query/log_scan.h"
#include "storage/query/query_context.h"
#include "storage/query/row_filter.h"
#include "storage/query/series_scan.h"
#include "storage/query/snapshot.h"

namespace itemized {

// Which calls a question is about, and what it has to know of them.
struct CallsWanted {
  TimeRange range;
  const CallFilter& filter;
  GroupBy by = GroupBy::kStep;
  absl::string_view attribute_key = {};  // Used only if `by` is kAttribute.
  bool quantiles = false;                // If not, sums are enough.
  bool by_utc_day = false;  // Whether `boundaries_us` between the ends are UTC midnights.
  // The instants at which the answer is divided, both ends of the range among them, rising.
  std::vector<int64_t> boundaries_us = {};
};

// Chooses the rows of the log that a question is about. Each thread has one of its own.
class FilteringWorker : public ScanWorker {
 public:
  // What `filter` refers to outlives it.
  explicit FilteringWorker(RowFilter filter) : filter_(std::move(filter)) {}
  void Choose(const Block& shown, std::vector<uint32_t>* rows) override;

 private:
  RowFilter filter_;
};

// The calls of one question, as a snapshot has them: from the rollups where these have what is
// wanted, and from the log where they do not. Of whole hours or UTC days it gives the sums, and of
// partial ones, in which a boundary lies, the rows. Not thread-safe.
class CallSource {
 public:
  // `columns` are those that the rows are to have beside what the source itself needs. What
  // `wanted` refers to and the context outlive the source; so need not the snapshot.
  CallSource(const QueryContext& context, const Snapshot& snapshot, CallsWanted wanted,
             ColumnMask columns, const Cancellation* cancellation);

  // Whether the log has to be read for more than partial hours and days. Then there is OpenLog, and
  // if the calls are told by their names alone, OpenTotals; else VisitSums, or Totals for
  // quantiles.
  bool needs_log() const { return parts_ == Parts::kLog || is_by_series(); }
  bool is_by_series() const { return parts_ == Parts::kSeries; }
  const TimeRange& range() const { return wanted_.range; }
  const RowKeys& keys() const { return keys_; }
  // The names that Totals and OpenTotals gather.
  NamesWanted names() const;

  // Takes the sums of calls in the bucket that begins at `start_us`. Of `key` those names are given
  // that are wanted.
  using SumsVisitor =
      absl::FunctionRef<void(const SeriesKey& key, int64_t start_us, const CallSums& sums)>;
  using CallVisitor = absl::FunctionRef<void(const LogRow& row)>;

  // Visits whole buckets, and then the rows of partial ones, while the snapshot lasts.
  absl::Status VisitSums(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row);

  // Gathers sums and quantiles by name, while the snapshot lasts.
  absl::StatusOr<CallTotalsByName> Totals(const Snapshot& snapshot) const;

  // Opens the log for the same, where no view has them, to be read once the snapshot has ended.
  absl::StatusOr<SeriesScan> OpenTotals(const Snapshot& snapshot) const;

  // Opens the log, to be read by workers that choose rows by `filter` once the snapshot has ended:
  // a long scan holds up no commit. Rows have times only in hours within which a boundary lies.
  // Errors as BlockStore::OpenHours.
  absl::StatusOr<LogScan> OpenLog(const Snapshot& snapshot, const RowFilter& filter) const;
  const RowFilter& filter() const { return filter_; }  // Lets through the calls that are wanted.

 private:
  // Where most of the answer comes from.
  enum class Parts : uint8_t { kTotals, kStepHours, kSeriesDays, kSeries, kLog };

  static Parts PartsFor(const CallsWanted& wanted);
  absl::Status VisitHours(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row);
  absl::Status VisitDays(const Snapshot& snapshot, SumsVisitor sums, CallVisitor row);
  absl::Status VisitIfWanted(const LogRow& row, CallVisitor visit);

  const QueryContext& context_;
  const State& state_;
  const CallsWanted wanted_;
  const Cancellation* const cancellation_;
  const Parts parts_;
  RowFilter filter_;
  const RowKeys keys_;
  const ColumnMask columns_;
};

}  // namespace itemized
