// SPDX-License-Identifier: Apache-2.0
#pragma once

// All views together: what the log folds to, which is written to disk now and then.

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"

#include "storage/base/parallel_for.h"
#include "storage/block/block.h"
#include "storage/block/block_store.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/log/entry.h"
#include "storage/runs/runs.h"
#include "storage/runs/staged_runs.h"
#include "storage/views/baselines.h"
#include "storage/views/call_rollups.h"
#include "storage/views/rows_by_name.h"

namespace itemized {

// One thread writes. Fold and Checkpoint need State::mutex held for writing, const methods for
// reading.
class Views {
 public:
  // Reads from `kv` and `blocks`; without `kv`, all runs stay in memory. Owns none of them.
  Views(const Kv* kv, const BlockStore* blocks, const Catalog& catalog, size_t resident_runs_max)
      : kv_(kv),
        blocks_(blocks),
        catalog_(catalog),
        runs_(kv, blocks, catalog, resident_runs_max) {}

  // Reads what the last checkpoint wrote. The caller then folds the entries of the log after
  // checkpointed().
  absl::Status Load();

  // Says that what is here is what the entries up to `entry` left, so that the next one can be
  // folded.
  void BeginBehind(EntryIndex entry) { folded_.entry = entry; }

  // Folds what `entry`, the one after the last that was folded, says of calls and runs; all of
  // its runs are in `staged`. While the log is read at opening, some views are ahead: they take
  // only what they do not hold yet. Errors are those of Runs::Fold.
  absl::Status Fold(const Entry& entry, const StagedRuns& staged);

  // Returns whether the runs on disk hold `entry` already, so that Fold needs none of its runs.
  bool HasRunsOf(EntryIndex entry) const { return entry <= runs_saved_.entry; }

  // Return how far the log is folded in memory, and how far all rows on disk hold it.
  LogPosition folded() const { return folded_; }
  LogPosition checkpointed() const;

  // Adds changed rows with their watermarks to `batch`. Runs change faster
  // than rollups and may be written alone.
  enum class Scope : uint8_t { kRuns, kAll };
  void Checkpoint(Scope scope, KvBatch* batch);

  // Rollups and outcomes of hours before this one, the first of a UTC day, are dropped.
  Hour first_hour() const { return first_hour_; }
  // Reads first_hour() from its row; 0 if there is none. DATA_LOSS if malformed.
  static absl::StatusOr<Hour> LoadFirstHour(const Kv& kv);
  // Adds the watermarks to `batch`: the rows that say how far the rows of the views hold the log.
  static void AddWatermarks(const LogPosition& rollups, const LogPosition& runs, KvBatch* batch);
  // Adds what DropBefore(hour) changes on disk to `batch`. Errors are those of Kv.
  static absl::Status AddDrop(const Kv& kv, Hour hour, KvBatch* batch);

  // Returns the last block of `hour` that was folded since the store was opened; 0 if there is
  // none.
  BlockSequence LastBlockOf(Hour hour) const {
    const auto found = last_blocks_.find(hour);
    return found == last_blocks_.end() ? 0 : found->second;
  }

  // Returns the latest time of any call in the log; 0 if there is none.
  int64_t latest_call_us() const { return latest_call_us_; }

  const CallRollups& rollups() const { return rollups_; }
  const Baselines& baselines() const { return baselines_; }
  const Runs& runs() const { return runs_; }
  Runs& runs() { return runs_; }

 private:
  absl::Status FindLatestCall();
  void FoldCalls(absl::Span<const Block> blocks);
  absl::Status FoldRuns(const Entry& entry, const StagedRuns& staged);
  absl::Status FoldBlocks(const Entry& entry, const StagedRuns& staged);
  void DropBefore(Hour hour);

  const Kv* kv_;
  const BlockStore* blocks_;
  const Catalog& catalog_;
  Hour first_hour_{};
  CallRollups rollups_;
  Baselines baselines_;
  Runs runs_;
  LogPosition folded_;
  int64_t latest_call_us_ = 0;
  absl::flat_hash_map<Hour, BlockSequence> last_blocks_;
  LogPosition rollups_saved_;  // The watermarks of the rows on disk.
  LogPosition runs_saved_;
  RowsByName rows_;  // The sorted rows of the blocks that are being folded.
  ThreadTeam team_{"fold"};
};

}  // namespace itemized
