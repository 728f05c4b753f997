// SPDX-License-Identifier: Apache-2.0
#pragma once

// All views together: folded from the log, written to disk now and then, and
// brought up to date from the log when the store is opened.

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"

#include "storage/base/helper_thread.h"
#include "storage/block/block.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/log/log.h"
#include "storage/runs/runs.h"
#include "storage/runs/staged_runs.h"
#include "storage/views/baselines.h"
#include "storage/views/call_rollups.h"
#include "storage/views/rows_by_name.h"

namespace itemized {

// One thread writes; Fold and Checkpoint need the lock of the engine held for
// writing, all const methods for reading.
class Views {
 public:
  // Reads from `kv` and `log`; without them, all runs stay in memory. Owns none of them.
  Views(const Kv* kv, const Log* log, const Catalog& catalog, size_t resident_runs_max)
      : kv_(kv), log_(log), catalog_(catalog), runs_(kv, log, catalog, resident_runs_max) {}

  // Reads what the last checkpoint wrote and folds the rest of the log.
  absl::Status Load();

  // Folds the blocks of one commit, by rising sequence; all of them are in `staged`.
  void Fold(absl::Span<const Block> blocks, const StagedRuns& staged);

  // The last block folded in, and the last one that is in the rows on disk.
  BlockSequence folded() const { return folded_; }
  BlockSequence checkpointed() const;

  // Adds changed rows with their watermarks to `batch`. Runs change faster
  // than rollups and may be written alone.
  enum class Scope : uint8_t { kRuns, kAll };
  void Checkpoint(Scope scope, KvBatch* batch);

  // Rollups and outcomes of earlier hours are dropped; the first of a UTC day.
  Hour first_hour() const { return first_hour_; }
  // The views without them. To be called after a checkpoint of all; nothing has
  // changed in memory until the result is given to Replace.
  struct Kept {
    Hour first_hour = 0;
    CallRollups rollups;
    Outcomes outcomes;
  };
  absl::StatusOr<Kept> DropBefore(Hour hour, Kv* kv) const;
  void Replace(Kept kept);

  // The last block of `hour` that was folded since the store was opened; 0 if
  // there is none.
  BlockSequence LastBlockOf(Hour hour) const {
    const auto found = last_blocks_.find(hour);
    return found == last_blocks_.end() ? 0 : found->second;
  }

  // The latest time of any call in the log; 0 if there is none.
  int64_t latest_call_us() const { return latest_call_us_; }

  const CallRollups& rollups() const { return rollups_; }
  const Baselines& baselines() const { return baselines_; }
  const Runs& runs() const { return runs_; }
  Runs& runs() { return runs_; }

 private:
  absl::Status FindLatestCall();
  void FoldCalls(absl::Span<const Block> blocks);
  void FoldRuns(absl::Span<const Block> blocks, const StagedRuns& staged);

  const Kv* kv_;
  const Log* log_;
  const Catalog& catalog_;
  Hour first_hour_ = 0;
  CallRollups rollups_;
  Baselines baselines_;
  Runs runs_;
  BlockSequence folded_ = 0;
  int64_t latest_call_us_ = 0;
  absl::flat_hash_map<Hour, BlockSequence> last_blocks_;
  BlockSequence rollups_saved_ = 0;  // Watermarks of the rows on disk.
  BlockSequence runs_saved_ = 0;
  RowsByName rows_;  // Of the blocks being folded.
  HelperThread helper_{"fold"};
};

}  // namespace itemized
