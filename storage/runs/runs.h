// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/runs: what is folded run by run: ledgers, outcomes, unused steps. May use base, model,
// sketch, kv, catalog, block and views.

// This header keeps all runs, and the outcomes rolled up from them. Runs that were not used for a
// while live on disk only.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/block/block_store.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/runs/name_filter.h"
#include "storage/runs/outcomes.h"
#include "storage/runs/run.h"
#include "storage/runs/run_endings.h"

namespace itemized {

// A run as it is kept in memory.
struct RunEntry {
  std::string workflow_id;
  Run run;
  static constexpr size_t kWritten = SIZE_MAX;
  size_t unwritten = kWritten;  // Its place in Runs::unwritten_, if the next checkpoint has it.
  bool resident = false;        // It is in Runs::resident_, where Visit finds it.
  bool touched = false;         // The blocks being folded have changed it.
  bool recent = false;          // It was used since the last round of Evict.
};

// What folding a block needs to know beside it.
struct StagedBlock {
  std::vector<RunEntry*> runs;  // One for each of the block's run_names.
  // Fingerprints of the event ids by row; empty if they are not known already.
  std::vector<EventFingerprint> fingerprints;
};

// Runs that were read from their rows before the commit that changes them. A plain value.
struct RunsAhead {
  uint64_t evictions = 0;                      // Runs::evictions() before the first was read.
  absl::flat_hash_map<std::string, Run> runs;  // Each under its workflow_id.
};

// One thread writes, with the lock of the views held for writing. Visit and endings may be called by
// any thread that holds it for reading. StagedRuns makes ready what a commit changes.
class Runs {
 public:
  // Reads runs from `kv`, and from `blocks` what their rows leave out. Both may be null: then all
  // runs stay in memory. Owns none of its arguments.
  Runs(const Kv* kv, const BlockStore* blocks, const Catalog& catalog, size_t resident_max)
      : kv_(kv), blocks_(blocks), catalog_(catalog), resident_max_(resident_max) {}

  // Makes the rows of these runs, which are not brief, have all of their calls from the next
  // checkpoint on.
  void KeepCalls(absl::Span<RunEntry* const> entries);

  // Folds blocks in, in the order of the log; `staged` has one for each. DATA_LOSS if a block does
  // not follow from those before it, as the rows on disk have these; then nothing here is of use.
  absl::Status Fold(absl::Span<const Block> blocks, absl::Span<const StagedBlock> staged);

  // Calls `visit` with the run; returns false if there is none.
  absl::StatusOr<bool> Visit(absl::string_view workflow_id,
                             absl::FunctionRef<void(const Run&)> visit) const;

  // Reads those of the runs that `blocks` names which are not in memory. Any thread may call it,
  // but only the one that writes may ask for evictions() before. `mutex` is the lock of the views.
  // Errors are DATA_LOSS if a row cannot be read, and those of Kv.
  absl::StatusOr<RunsAhead> ReadAhead(absl::Span<const CallRows* const> blocks, uint64_t evictions,
                                      SharedMutex* mutex) const;
  // How often runs have left memory. Rows that were read since the last time are those of the runs
  // as they are, unless memory has a run itself.
  uint64_t evictions() const { return evictions_; }

  // The endings of all runs, which are known without reading one.
  const RunEndings& endings() const { return endings_; }

  const Outcomes& outcomes() const { return outcomes_; }
  void DropOutcomesBefore(Hour hour) { outcomes_.DropBefore(hour); }
  // How many rows the next Checkpoint would add.
  size_t unwritten() const { return unwritten_.size(); }

  // Drops a run whose row, if there was one, has been deleted; what it added to the outcomes
  // stays.
  void Forget(absl::string_view workflow_id);

  // Adds every row that has changed since the last call to `batch`; `team` shares the encoding.
  void Checkpoint(ThreadTeam* team, KvBatch* batch);
  // Forgets runs that memory has no room for. The rows of the last Checkpoint must be written.
  void Evict();
  // Reads which runs there are, and the outcomes from `first_hour` on. DATA_LOSS if a row cannot be
  // read, else the errors of Kv.
  absl::Status Load(Hour first_hour);

 private:
  friend class StagedRuns;

  // Stage, ReadCalls, TakeCalls and ForgetStaged are for StagedRuns. They change nothing that
  // others see, but for TakeCalls.

  // Finds or reads a run; a new one is empty. `ahead`, which may be null, has runs that need not be
  // read again; one that is taken is moved from.
  absl::StatusOr<RunEntry*> Stage(absl::string_view workflow_id, RunsAhead* ahead);
  // Reads the calls of those runs that are brief from the log.
  using WholeRuns = std::map<RunEntry*, Run>;
  absl::StatusOr<WholeRuns> ReadCalls(absl::Span<RunEntry* const> entries) const;
  // Gives what ReadCalls returned to the runs, none of which has changed since. DATA_LOSS if it
  // does not fit.
  absl::Status TakeCalls(WholeRuns whole);
  // Forgets runs that were staged and not folded, if there are many: a sender that repeats what is
  // known already leaves such runs behind.
  void ForgetStaged();

  // A row for the next checkpoint. The row of a completed run, which seldom changes again, is made
  // when the run is folded, beside the rollups; that of any other when the checkpoint is collected,
  // while all wait.
  struct Unwritten {
    RunEntry* entry = nullptr;
    std::string row;  // Empty if it is not made yet.
  };
  // Entries by workflow_id; the key is a view of the entry's own.
  using Entries = absl::flat_hash_map<absl::string_view, std::unique_ptr<RunEntry>>;

  absl::StatusOr<Run> DecodeRow(absl::string_view workflow_id, absl::string_view row) const;
  absl::StatusOr<std::optional<Run>> ReadRow(absl::string_view workflow_id) const;
  void MakeResident(RunEntry* entry);
  void NoteChange(RunEntry* entry);
  void ForgetChange(RunEntry* entry);
  void Touch(RunEntry* entry);
  void SortRows(const CallRows& calls);
  absl::Status FoldBlock(const Block& block, const StagedBlock& staged);

  const Kv* kv_;
  const BlockStore* blocks_;
  const Catalog& catalog_;
  size_t resident_max_;
  uint64_t evictions_ = 0;
  Entries resident_;
  Entries staged_;  // Runs read for the next Fold; only the writing thread looks here.
  std::vector<RunEntry*> touched_;
  // Scratch of FoldBlock: the rows of the block, run by run, and where those of each run end.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> row_ends_;
  NameFilter known_;  // Every run there is, since most lookups are of new ones.
  RunEndings endings_;
  std::vector<Unwritten> unwritten_;
  Outcomes outcomes_;
};

}  // namespace itemized
