// SPDX-License-Identifier: Apache-2.0
#include "storage/query/partial_hours.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/query/snapshot.h"
#include "storage/query/endings_of_rows.h"

namespace itemized {
namespace {

constexpr size_t kHoursMax =
    8;  // So many of each kind are kept. Windows that end now share their two.

absl::StatusOr<std::vector<Block>> ReadBlocks(const Snapshot& snapshot, Hour hour,
                                              const Cancellation* cancellation) {
  std::vector<Block> blocks;
  const State& state = snapshot.state;
  RETURN_IF_ERROR(state.blocks.ReadHours(hour, hour + 1, snapshot.last_block(), kSummingColumns,
                                         [&](const Block& block) -> absl::Status {
                                           RETURN_IF_ERROR(CheckNotCancelled(cancellation));
                                           blocks.push_back(block);
                                           return absl::OkStatus();
                                         }));
  return blocks;
}

absl::StatusOr<std::vector<UnsurfacedCall>> ReadUnsurfaced(const Snapshot& snapshot, Hour hour,
                                                           const Cancellation* cancellation) {
  const State& state = snapshot.state;
  std::vector<UnsurfacedCall> found;
  if (!state.views.runs().outcomes().HasUnsurfaced(hour)) {
    return found;
  }
  EndingsOfRows endings(state);
  constexpr ColumnMask kMask =
      Columns(ColumnId::kSeries, ColumnId::kRun, ColumnId::kRunNames, ColumnId::kCost);
  RETURN_IF_ERROR(VisitRows(
      snapshot, {HourStartUs(hour), HourStartUs(hour + 1)}, kMask,
      [&](const LogRow& row) {
        if (endings.IsUnused(row.block, row.row) && row.cost() != 0) {
          found.push_back({.time_us = row.time_us(), .series = row.series(), .picos = row.cost()});
        }
        return absl::OkStatus();
      },
      cancellation));
  return found;
}

// An anchor is one of its run's own events, so the log of the hour names every
// run there can be.
absl::StatusOr<std::vector<RunShare>> ReadRuns(const Snapshot& snapshot, Hour hour,
                                               const Cancellation* cancellation) {
  const State& state = snapshot.state;
  std::set<std::string> names;
  RETURN_IF_ERROR(
      state.blocks.ReadHours(hour, hour + 1, snapshot.last_block(), Columns(ColumnId::kRunNames),
                             [&](const Block& block) -> absl::Status {
                               RETURN_IF_ERROR(CheckNotCancelled(cancellation));
                               for (const absl::string_view name : block.calls.run_names) {
                                 names.emplace(name);
                               }
                               return absl::OkStatus();
                             }));
  std::vector<RunShare> found;
  for (const std::string& name : names) {
    const auto visit = [&](const Run& run) {
      if (run.exists() && HourOf(run.AnchorUs()) == hour) {
        found.push_back(ShareOf(run, state.catalog));
      }
    };
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    RETURN_IF_ERROR(state.views.runs().Visit(name, visit).status());
  }
  return found;
}

}  // namespace

template <typename T>
PartialHours::Items<T> PartialHours::Find(Hour hour, uint64_t version, Table<T>* table) {
  const auto found = std::find_if(table->begin(), table->end(), [&](const Kept<T>& kept) {
    return kept.hour == hour && kept.version == version;
  });
  if (found == table->end()) {
    return nullptr;
  }
  std::rotate(found, found + 1, table->end());
  return table->back().items;
}

template <typename T>
void PartialHours::Keep(Kept<T> kept, Table<T>* table) {
  const auto is_old = [&](const Kept<T>& old) { return old.hour == kept.hour; };
  table->erase(std::remove_if(table->begin(), table->end(), is_old), table->end());
  if (table->size() >= kHoursMax) {
    table->erase(table->begin());
  }
  table->push_back(std::move(kept));
}

template <typename T>
absl::StatusOr<PartialHours::Items<T>> PartialHours::Get(const Snapshot& snapshot, Hour hour,
                                                         uint64_t version, const Reader<T>& read,
                                                         Table<T>* table,
                                                         const Cancellation* cancellation) {
  {
    const MutexLock lock(mutex_);
    if (Items<T> items = Find(hour, version, table); items != nullptr) {
      return items;
    }
  }
  ASSIGN_OR_RETURN(std::vector<T> found, read(snapshot, hour, cancellation));
  const auto items = std::make_shared<const std::vector<T>>(std::move(found));
  const MutexLock lock(mutex_);
  Keep({.hour = hour, .version = version, .items = items}, table);
  return items;
}

absl::StatusOr<std::shared_ptr<const std::vector<Block>>> PartialHours::Blocks(
    const Snapshot& snapshot, Hour hour, const Cancellation* cancellation) {
  return Get<Block>(snapshot, hour, snapshot.state.views.LastBlockOf(hour), ReadBlocks, &blocks_,
                    cancellation);
}

absl::StatusOr<std::shared_ptr<const std::vector<UnsurfacedCall>>> PartialHours::Unsurfaced(
    const Snapshot& snapshot, Hour hour, const Cancellation* cancellation) {
  return Get<UnsurfacedCall>(snapshot, hour, snapshot.state.views.runs().outcomes().VersionOf(hour),
                             ReadUnsurfaced, &unsurfaced_, cancellation);
}

absl::StatusOr<std::shared_ptr<const std::vector<RunShare>>> PartialHours::Runs(
    const Snapshot& snapshot, Hour hour, const Cancellation* cancellation) {
  return Get<RunShare>(snapshot, hour, snapshot.state.views.runs().outcomes().VersionOf(hour),
                       ReadRuns, &runs_, cancellation);
}

}  // namespace itemized
