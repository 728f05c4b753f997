// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/runs.h"

#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "storage/base/check.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/runs/run_blocks.h"

namespace itemized {

namespace {

absl::Status IsNotWhatBlocksSay(absl::string_view workflow_id) {
  return absl::DataLossError(
      absl::StrCat("The store is damaged: the run ", Quoted(workflow_id),
                   " is not what its blocks say. Restore the data directory from a backup."));
}

}  // namespace

absl::StatusOr<Run> Runs::DecodeRow(absl::string_view workflow_id, absl::string_view row) const {
  std::optional<Run> run = Run::Decode(row, catalog_);
  if (!run.has_value()) {
    return absl::DataLossError(
        absl::StrCat("The store is damaged: the run ", Quoted(workflow_id),
                     " cannot be read. Restore the data directory from a backup."));
  }
  return *std::move(run);
}

absl::StatusOr<std::optional<Run>> Runs::ReadRow(absl::string_view workflow_id) const {
  if (kv_ == nullptr || !known_.MayContain(workflow_id)) {
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv_->Get(Family::kRuns, workflow_id));
  if (!row.has_value()) {
    return std::nullopt;
  }
  return DecodeRow(workflow_id, *row);
}

absl::StatusOr<RunsAhead> Runs::ReadAhead(absl::Span<const CallRows* const> blocks,
                                          uint64_t evictions, SharedMutex* mutex) const {
  RunsAhead ahead{.evictions = evictions, .runs = {}};
  for (const CallRows* const block : blocks) {
    for (const absl::string_view name : block->run_names) {
      const ReaderLock lock(*mutex);
      if (resident_.contains(name) || ahead.runs.contains(name)) {
        continue;
      }
      ASSIGN_OR_RETURN(std::optional<Run> run, ReadRow(name));
      if (run.has_value()) {
        ahead.runs.emplace(name, *std::move(run));
      }
    }
  }
  return ahead;
}

absl::StatusOr<RunEntry*> Runs::Stage(absl::string_view workflow_id, RunsAhead* ahead) {
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    return found->second.get();
  }
  if (const auto found = staged_.find(workflow_id); found != staged_.end()) {
    return found->second.get();
  }
  std::optional<Run> run;
  if (ahead != nullptr && ahead->evictions == evictions_ && ahead->runs.contains(workflow_id)) {
    run = std::move(ahead->runs.extract(workflow_id).mapped());
  } else {
    ASSIGN_OR_RETURN(run, ReadRow(workflow_id));
  }
  auto entry = std::make_unique<RunEntry>();
  entry->workflow_id = std::string(workflow_id);
  if (run.has_value()) {
    entry->run = *std::move(run);
  }
  const absl::string_view key = entry->workflow_id;
  return staged_.emplace(key, std::move(entry)).first->second.get();
}

absl::StatusOr<Runs::WholeRuns> Runs::ReadCalls(absl::Span<RunEntry* const> entries) const {
  WholeRuns whole;
  absl::flat_hash_map<absl::string_view, Run*> by_name;
  RunBlocks blocks;
  for (RunEntry* const entry : entries) {
    if (entry->run.is_brief() && !whole.contains(entry)) {
      by_name[entry->workflow_id] = &whole[entry];
      blocks.Add(entry->workflow_id, entry->run.blocks());
    }
  }
  if (whole.empty()) {
    return whole;
  }
  RETURN_IF_ERROR(blocks.Read(*blocks_, [&](const Block& block) {
    const RowContents contents(block.calls);
    std::vector<std::vector<uint32_t>> rows(block.calls.run_names.size());
    for (uint32_t row = 0; row < block.calls.size(); ++row) {
      rows[block.calls.run[row]].push_back(row);
    }
    for (size_t run = 0; run < rows.size(); ++run) {
      const absl::string_view name = block.calls.run_names[run];
      if (!rows[run].empty() &&
          !by_name.at(name)->Apply(contents, rows[run], block.ref, catalog_)) {
        return IsNotWhatBlocksSay(name);
      }
    }
    return absl::OkStatus();
  }));
  return whole;
}

absl::Status Runs::TakeCalls(WholeRuns whole) {
  for (auto& [entry, run] : whole) {
    if (!entry->run.TakeCalls(std::move(run))) {
      return IsNotWhatBlocksSay(entry->workflow_id);
    }
  }
  return absl::OkStatus();
}

void Runs::KeepCalls(absl::Span<RunEntry* const> entries) {
  for (RunEntry* const entry : entries) {
    entry->run.KeepCalls();
    MakeResident(entry);
    NoteChange(entry);
  }
}

void Runs::MakeResident(RunEntry* entry) {
  if (entry->resident) {
    return;
  }
  auto staged = staged_.extract(absl::string_view(entry->workflow_id));
  CHECK(!staged.empty());
  resident_.insert(std::move(staged));
  entry->resident = true;
  if (entry->run.is_empty()) {
    known_.Add(entry->workflow_id);
  }
}

void Runs::NoteChange(RunEntry* entry) {
  if (entry->unwritten == RunEntry::kWritten) {
    entry->unwritten = unwritten_.size();
    unwritten_.push_back({.entry = entry, .row = {}});
  }
  unwritten_[entry->unwritten].row =
      entry->run.completion().has_value() ? entry->run.Encode() : std::string();
}

void Runs::ForgetChange(RunEntry* entry) {
  if (entry->unwritten == RunEntry::kWritten) {
    return;
  }
  std::swap(unwritten_[entry->unwritten], unwritten_.back());
  unwritten_[entry->unwritten].entry->unwritten = entry->unwritten;
  unwritten_.pop_back();
  entry->unwritten = RunEntry::kWritten;
}

// Takes the run out of the outcomes until the end of the fold.
void Runs::Touch(RunEntry* entry) {
  if (entry->touched) {
    return;
  }
  MakeResident(entry);
  entry->touched = true;
  entry->recent = true;
  touched_.push_back(entry);
  outcomes_.Post(entry->run, -1, catalog_);
}

// Sorts rows run by run, so that each run is brought into the cache once. The rows of a run stay in
// the order they came.
void Runs::SortRows(const CallRows& calls) {
  row_ends_.assign(calls.run_names.size() + 1, 0);
  for (const uint32_t run : calls.run) {
    ++row_ends_[run + 1];
  }
  std::partial_sum(row_ends_.begin(), row_ends_.end(), row_ends_.begin());
  rows_.resize(calls.size());
  for (uint32_t row = 0; row < rows_.size(); ++row) {
    rows_[row_ends_[calls.run[row]]++] = row;
  }
}

absl::Status Runs::FoldBlock(const Block& block, const StagedBlock& staged) {
  const CallRows& calls = block.calls;
  CHECK(staged.runs.size() == calls.run_names.size());
  SortRows(calls);
  const RowContents contents(calls, staged.fingerprints);
  uint32_t begin = 0;
  for (size_t run = 0; run < staged.runs.size(); ++run) {
    RunEntry* const entry = staged.runs[run];
    Touch(entry);
    const uint32_t end = row_ends_[run];
    const auto rows = absl::MakeConstSpan(rows_).subspan(begin, end - begin);
    if (!rows.empty() && !entry->run.Apply(contents, rows, block.ref, catalog_)) {
      return IsNotWhatBlocksSay(entry->workflow_id);
    }
    begin = end;
  }
  for (const CompletionRow& row : block.completions) {
    Run& run = staged.runs[row.run]->run;
    const bool was_plain = run.IsPlain();
    run.Apply(RunCompletion{.time_us = row.time_us,
                            .workflow = row.workflow,
                            .outcome = row.outcome,
                            .unused_steps = row.unused_steps});
    if (!was_plain && run.IsPlain()) {
      endings_.Set(calls.run_names[row.run], {});
    }
  }
  return absl::OkStatus();
}

absl::Status Runs::Fold(absl::Span<const Block> blocks, absl::Span<const StagedBlock> staged) {
  CHECK(blocks.size() == staged.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    RETURN_IF_ERROR(FoldBlock(blocks[i], staged[i]));
  }
  for (RunEntry* entry : touched_) {
    entry->touched = false;
    outcomes_.Post(entry->run, 1, catalog_);
    if (!entry->run.IsPlain()) {
      endings_.Set(entry->workflow_id, entry->run.Ending(catalog_));
    }
    NoteChange(entry);
  }
  touched_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> Runs::Visit(absl::string_view workflow_id,
                                 absl::FunctionRef<void(const Run&)> visit) const {
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    visit(found->second->run);
    return true;
  }
  ASSIGN_OR_RETURN(const std::optional<Run> run, ReadRow(workflow_id));
  if (run.has_value()) {
    visit(*run);
  }
  return run.has_value();
}

void Runs::Checkpoint(ThreadTeam* team, KvBatch* batch) {
  const auto put = [](absl::Span<Unwritten> rows, KvBatch* out) {
    for (auto& [entry, row] : rows) {
      out->Put(Family::kRuns, entry->workflow_id,
               row.empty() ? entry->run.Encode() : std::move(row));
      entry->unwritten = RunEntry::kWritten;
    }
  };
  const auto rows = absl::MakeSpan(unwritten_);
  const size_t count = team->threads();
  std::vector<KvBatch> portions(count + 1);
  team->ParallelFor(count + 1, [&](size_t portion) {
    if (portion == count) {
      return outcomes_.Checkpoint(&portions[portion]);
    }
    const size_t begin = rows.size() * portion / count;
    const size_t end = rows.size() * (portion + 1) / count;
    put(rows.subspan(begin, end - begin), &portions[portion]);
  });
  for (KvBatch& portion : portions) {
    batch->Append(std::move(portion));
  }
  unwritten_.clear();
}

void Runs::Forget(absl::string_view workflow_id) {
  endings_.Set(workflow_id, {});
  staged_.erase(workflow_id);
  if (const auto found = resident_.find(workflow_id); found != resident_.end()) {
    ForgetChange(found->second.get());
    resident_.erase(found);
  }
  ++evictions_;
}

void Runs::Evict() {
  staged_.clear();
  if (kv_ == nullptr || resident_.size() <= resident_max_) {
    return;
  }
  ++evictions_;
  absl::erase_if(resident_, [](Entries::value_type& slot) {
    const bool keep = slot.second->unwritten != RunEntry::kWritten || slot.second->recent;
    slot.second->recent = false;
    return !keep;
  });
}

void Runs::ForgetStaged() {
  if (staged_.size() > resident_max_) {
    staged_.clear();
  }
}

absl::Status Runs::Load(Hour first_hour) {
  auto rows = kv_->Scan(Family::kRuns, "", keys::kRunsWatermark);
  for (; rows->Valid(); rows->Next()) {
    known_.Add(rows->key());
    const std::optional<Outcome> outcome = Run::OutcomeIfAllUsed(rows->value());
    if (outcome.has_value()) {
      endings_.Set(rows->key(), {.outcome = *outcome, .unused_steps = {}});
    } else {
      ASSIGN_OR_RETURN(const Run run, DecodeRow(rows->key(), rows->value()));
      endings_.Set(rows->key(), run.Ending(catalog_));
    }
  }
  RETURN_IF_ERROR(rows->status());
  outcomes_ = Outcomes(first_hour);
  return outcomes_.Load(*kv_, catalog_);
}

}  // namespace itemized
