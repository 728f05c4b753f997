// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/runs: what is folded run by run: ledgers, outcomes, unused steps. May use base, model,
// sketch, kv, catalog, block and views.

// All runs, and the outcomes rolled up from them. Runs that were not used for
// a while live on disk only.

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

#include "storage/base/parallel_for.h"
#include "storage/block/block_store.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/runs/name_filter.h"
#include "storage/runs/outcomes.h"
#include "storage/runs/run.h"
#include "storage/runs/unused_index.h"

namespace itemized {

// A run as it is kept in memory.
struct RunEntry {
  std::string workflow_id;
  Run run;
  static constexpr size_t kWritten = SIZE_MAX;
  size_t unwritten = kWritten;  // Its place among the rows of the next checkpoint, if in it.
  bool resident = false;        // In a place where it may be asked for.
  bool touched = false;         // By the blocks being folded.
  bool recent = false;          // Used since the last round of Evict.
};

// What folding a block needs to know beside it.
struct StagedBlock {
  std::vector<RunEntry*> runs;  // By place in run_names of the block.
  // Of the event ids, by row, where they are known already; else none.
  std::vector<EventFingerprint> fingerprints;
};

// One thread writes (all but Visit and unused), with the lock of the views held for writing;
// Visit and unused need it for reading. What a commit changes is made ready by StagedRuns.
class Runs {
 public:
  // Reads runs from `kv`, and from `blocks` what their rows leave out; without them, all
  // runs stay in memory. Owns none of them.
  Runs(const Kv* kv, const BlockStore* blocks, const Catalog& catalog, size_t resident_max)
      : kv_(kv), blocks_(blocks), catalog_(catalog), resident_max_(resident_max) {}

  // Keeps all calls of the runs, which are not brief, in the row of the next checkpoint and
  // later ones.
  void KeepCalls(absl::Span<RunEntry* const> entries);

  // Folds blocks in, in the order of the log; `staged` has one for each.
  void Fold(absl::Span<const Block> blocks, absl::Span<const StagedBlock> staged);

  // Calls `visit` with the run; false if there is none.
  absl::StatusOr<bool> Visit(absl::string_view workflow_id,
                             absl::FunctionRef<void(const Run&)> visit) const;

  // Of all runs, without reading one. Needs the lock for reading.
  const UnusedIndex& unused() const { return unused_; }

  const Outcomes& outcomes() const { return outcomes_; }
  void DropOutcomesBefore(Hour hour) { outcomes_.DropBefore(hour); }
  size_t unwritten() const { return unwritten_.size(); }  // Rows for the next Checkpoint.

  // Drops a run whose row, if there was one, has been deleted; what it added to the outcomes
  // stays.
  void Forget(absl::string_view workflow_id);

  // Adds every row that has changed since the last call to `batch`; `team` shares the
  // encoding. Once they are written, Evict may forget runs that memory has no room for.
  void Checkpoint(ThreadTeam* team, KvBatch* batch);
  void Evict();
  absl::Status Load(Hour first_hour);

 private:
  friend class StagedRuns;

  // Those below, up to ForgetStaged, are for StagedRuns and change nothing that others see,
  // but for TakeCalls.
  absl::StatusOr<RunEntry*> Stage(absl::string_view workflow_id);
  // Reads the calls of those runs that are brief.
  using WholeRuns = std::map<RunEntry*, Run>;
  absl::StatusOr<WholeRuns> ReadCalls(absl::Span<RunEntry* const> entries) const;
  // Gives them to the runs, of which none has changed since. DATA_LOSS if they do not fit.
  absl::Status TakeCalls(WholeRuns whole);
  // Forgets runs that were staged and not folded, if there are many: of a sender that
  // repeats what is known already.
  void ForgetStaged();

  // A row for the next checkpoint. That of a completed run, which seldom changes again, is
  // made when it is folded, beside the rollups; others when the checkpoint is collected,
  // for which all wait.
  struct Unwritten {
    RunEntry* entry = nullptr;
    std::string row;  // Empty: not made yet.
  };
  // By the workflow_id in the entry.
  using Entries = absl::flat_hash_map<absl::string_view, std::unique_ptr<RunEntry>>;

  absl::StatusOr<Run> DecodeRow(absl::string_view workflow_id, absl::string_view row) const;
  absl::StatusOr<std::optional<Run>> ReadRow(absl::string_view workflow_id) const;
  void MakeResident(RunEntry* entry);
  void NoteChange(RunEntry* entry);
  void ForgetChange(RunEntry* entry);
  void Touch(RunEntry* entry);
  void SortRows(const CallRows& calls);
  void FoldBlock(const Block& block, const StagedBlock& staged);

  const Kv* kv_;
  const BlockStore* blocks_;
  const Catalog& catalog_;
  size_t resident_max_;
  Entries resident_;
  Entries staged_;  // Read for the next Fold; only the writing thread looks here.
  std::vector<RunEntry*> touched_;
  // Of the block at hand: its rows, run by run, and where each run's end among them.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> row_ends_;
  NameFilter known_;  // Every run there is: most lookups are of new ones.
  UnusedIndex unused_;
  std::vector<Unwritten> unwritten_;
  Outcomes outcomes_;
};

}  // namespace itemized
