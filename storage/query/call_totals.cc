// SPDX-License-Identifier: Apache-2.0
#include "storage/query/call_totals.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/base/helper_thread.h"
#include "storage/base/parallel_for.h"
#include "storage/base/status_macros.h"
#include "storage/query/partial_days.h"
#include "storage/query/query_context.h"
#include "storage/query/scan_pace.h"
#include "storage/query/snapshot.h"
#include "storage/store/state.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

void GatherDays(const CallRollups& rollups, const RollupScan& scan, NameId name,
                CallTotals* group) {
  std::vector<const Histogram*> costs;
  std::vector<const Histogram*> durations;
  ForEachDayOf(rollups, scan, name, [&](Day, const NameDay& row) {
    costs.insert(costs.end(), {&row.cost, &row.flagged_cost});
    durations.push_back(&row.duration);
  });
  group->cost.Reserve(costs);
  group->duration.Reserve(durations);
  ForEachDayOf(rollups, scan, name, [&](Day, const NameDay& row) {
    group->sums.Merge(row.sums);
    group->cost.Merge(row.cost);
    group->cost.Merge(row.flagged_cost);
    group->duration.Merge(row.duration);
  });
}

// How many names a thread merges before it takes the next ones; a name takes microseconds.
constexpr size_t kNamesPerPortion = 16;

// What one thread hands to another at a time: waking it up costs as much as some thousand calls.
// Bounds the memory, of which a block takes a kilobyte besides its calls.
constexpr size_t kCallsAtOnce = 50'000;
constexpr size_t kBlocksAtOnce = 1'000;

// Empty at the end.
absl::StatusOr<std::vector<Block>> DecodeSome(BlockStore::Reader* reader,
                                              const Cancellation* cancellation) {
  std::vector<Block> blocks;
  size_t calls = 0;
  while (calls < kCallsAtOnce && blocks.size() < kBlocksAtOnce) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    ASSIGN_OR_RETURN(std::optional<Block> block, reader->Next());
    if (!block.has_value()) {
      break;
    }
    calls += block->calls.size();
    blocks.push_back(*std::move(block));
  }
  return blocks;
}

}  // namespace

void CallTotals::Add(const LogRow& row, int64_t weight) {
  const CallRows& calls = row.calls();
  row.sums.AddTo(&sums, row.row, weight);
  if (calls.IsRatedAt(row.row)) {
    cost.Add(calls.cost_picos[row.row], weight);
  }
  duration.Add(calls.duration_us[row.row], weight);
}

void CallTotals::Merge(const CallTotals& other) {
  sums.Merge(other.sums);
  cost.Merge(other.cost);
  duration.Merge(other.duration);
}

void CallTotals::Subtract(const CallTotals& other) {
  sums.Subtract(other.sums);
  cost.Subtract(other.cost);
  duration.Subtract(other.duration);
}

CallTotals& TotalsOf(NameId id, CallTotalsByName* groups) {
  if (id.value() >= groups->size()) {
    groups->resize(id.value() + 1);
  }
  return (*groups)[id.value()];
}

namespace {

// The histograms of all names do not fit into the cache: their cells are asked for this
// many rows before they are added to.
constexpr size_t kRowsAhead = 12;

// Adds a column to a histogram of each row's totals; if `only_rated`, that of rated rows.
void AddValues(const CallRows& calls, absl::Span<const RowOfTotals> rows,
               const std::vector<int64_t>& values, Histogram CallTotals::*histogram,
               bool only_rated) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (const size_t next = i + kRowsAhead; next < rows.size()) {
      (rows[next].second->*histogram).Prefetch(values[rows[next].first]);
    }
    const auto& [row, totals] = rows[i];
    if (!only_rated || calls.IsRatedAt(row)) {
      (totals->*histogram).Add(values[row], calls.weight[row]);
    }
  }
}

}  // namespace

void AddRows(const CallRows& calls, absl::Span<const RowOfTotals> rows, bool with_sums) {
  if (with_sums) {
    const RowSums sums(calls);
    for (const auto& [row, totals] : rows) {
      sums.AddTo(&totals->sums, row, calls.weight[row]);
    }
  }
  AddValues(calls, rows, calls.cost_picos, &CallTotals::cost, /*only_rated=*/true);
  AddValues(calls, rows, calls.duration_us, &CallTotals::duration, /*only_rated=*/false);
}

absl::Status VisitRows(const Block& block, TimeRange range, RowVisitor visit) {
  const RowSums sums(block.calls);
  for (size_t row = 0; row < block.calls.size(); ++row) {
    if (range.Contains(block.calls.time_us[row])) {
      RETURN_IF_ERROR(visit({.block = block, .row = row, .sums = sums}));
    }
  }
  return absl::OkStatus();
}

absl::Status VisitRows(const Snapshot& snapshot, TimeRange range, ColumnMask mask, RowVisitor visit,
                       const Cancellation* cancellation) {
  if (range.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(BlockStore::Reader reader, snapshot.Open(range, mask));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<Block> block, reader.Next());
    if (!block.has_value()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    RETURN_IF_ERROR(VisitRows(*block, range, visit));
  }
}

absl::Status ScanRows(const State& state, BlockStore::Reader reader, TimeRange range,
                      RowVisitor visit, const Cancellation* cancellation) {
  // Decoding takes about as long as visiting: a second thread is some blocks ahead.
  HelperThread decoder("decoder");
  ScanPace pace(state);
  absl::StatusOr<std::vector<Block>> next = DecodeSome(&reader, cancellation);
  while (next.ok() && !next->empty()) {
    const std::vector<Block> blocks = *std::move(next);
    decoder.Start([&] { next = DecodeSome(&reader, cancellation); });
    absl::Status visited;
    for (size_t i = 0; i < blocks.size() && visited.ok(); ++i) {
      const ReaderLock lock(state.mutex);
      visited = CheckNotCancelled(cancellation);
      if (visited.ok()) {
        visited = VisitRows(blocks[i], range, visit);
      }
    }
    decoder.Wait();
    RETURN_IF_ERROR(visited);
    pace.RestIfCommitting();
  }
  return next.status();
}

namespace {

template <typename Bucket>
RangeParts<Bucket> Split(TimeRange range, int64_t bucket_us) {
  const int64_t first = (range.start_us + bucket_us - 1) / bucket_us;
  const int64_t end = std::max(first, range.end_us / bucket_us);
  RangeParts<Bucket> parts{.first = Bucket(static_cast<uint32_t>(first)),
                           .end = Bucket(static_cast<uint32_t>(end)),
                           .partial = {}};
  for (const TimeRange part : {TimeRange{range.start_us, std::min(range.end_us, first * bucket_us)},
                               TimeRange{end * bucket_us, range.end_us}}) {
    if (!part.empty()) {
      parts.partial.push_back(part);
    }
  }
  return parts;
}

}  // namespace

RangeParts<Hour> SplitAtHours(TimeRange range) {
  return Split<Hour>(range, kMicrosPerHour);
}

RangeParts<Day> SplitAtDays(TimeRange range) {
  return Split<Day>(range, kMicrosPerDay);
}

// Threads share what there is to read of partial days, which takes longest, and then the names of
// which the whole days are merged.
absl::StatusOr<CallTotalsByName> GatherCalls(const Snapshot& snapshot, TimeRange range,
                                             NamesWanted names, const Cancellation* cancellation) {
  const DayParts parts = SplitByDays(range);
  const std::vector<PartialDays> partial = Divide(parts.partial, kThreadsOfAJob);
  const CallRollups& rollups = snapshot.state.views.rollups();
  const RollupScan whole_days{.kind = names.kind, .first = parts.first, .end = parts.end};
  CallTotalsByName groups(rollups.name_count(names.kind));
  std::vector<PartialDayReader> readers(partial.size(),
                                        PartialDayReader(snapshot, names, cancellation));
  const size_t portions = (groups.size() + kNamesPerPortion - 1) / kNamesPerPortion;
  std::vector<absl::Status> statuses(partial.size() + portions);
  const auto merge = [&](size_t portion) -> absl::Status {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    const size_t end = std::min(groups.size(), (portion + 1) * kNamesPerPortion);
    for (size_t name = portion * kNamesPerPortion; name < end; ++name) {
      const NameId id(static_cast<uint32_t>(name));
      if (names.Contains(id)) {
        GatherDays(rollups, whole_days, id, &groups[name]);
      }
    }
    return absl::OkStatus();
  };
  ParallelFor(kThreadsOfAJob, statuses.size(), [&](size_t task) {
    statuses[task] =
        task < partial.size() ? readers[task].Read(partial[task]) : merge(task - partial.size());
  });
  for (const absl::Status& status : statuses) {
    RETURN_IF_ERROR(status);
  }
  for (const PartialDayReader& reader : readers) {
    for (size_t name = 0; name < reader.more().size(); ++name) {
      groups[name].Merge(reader.more()[name]);
    }
  }
  for (const PartialDayReader& reader : readers) {
    for (size_t name = 0; name < reader.less().size(); ++name) {
      groups[name].Subtract(reader.less()[name]);
    }
  }
  return groups;
}

absl::StatusOr<std::vector<Picos>> GatherUnsurfaced(const QueryContext& context,
                                                    const Snapshot& snapshot, TimeRange range,
                                                    NamesWanted names,
                                                    const Cancellation* cancellation) {
  const State& state = snapshot.state;
  const Outcomes& outcomes = state.views.runs().outcomes();
  std::vector<Picos> sums(state.views.rollups().name_count(names.kind));
  const RangeParts<Hour> parts = SplitAtHours(range);
  const auto add = [&](SeriesId series, Picos picos) {
    if (names.HasCallsOf(series)) {
      sums[state.catalog.Series(series)[names.kind].value()] += picos;
    }
  };
  if (!names.series.empty()) {
    outcomes.VisitUnsurfaced(parts.first, parts.end, add);
  } else {
    for (NameId name; name.value() < sums.size(); ++name) {
      sums[name.value()] = outcomes.UnsurfacedIn(names.kind, name, parts.first, parts.end);
    }
  }
  for (const TimeRange& part : parts.partial) {
    ASSIGN_OR_RETURN(const auto calls, context.partial_hours.Unsurfaced(
                                           snapshot, HourOf(part.start_us), cancellation));
    for (const UnsurfacedCall& call : *calls) {
      if (part.Contains(call.time_us)) {
        add(call.series, call.picos);
      }
    }
  }
  return sums;
}

}  // namespace itemized
