// SPDX-License-Identifier: Apache-2.0
#include "storage/store/state.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/keyed_hash.h"
#include "storage/base/status_macros.h"
#include "storage/log/local_log.h"
#include "storage/store/entry_rows.h"
#include "storage/store/migration.h"

namespace itemized {
namespace {

absl::Status PutVersion(Kv* kv) {
  KvBatch batch;
  batch.Put(Family::kMeta, keys::kVersion, absl::StrCat(kSchemaVersion));
  return kv->Write(batch, /*sync=*/true);
}

absl::Status CheckVersion(Kv* kv, const DatabaseOptions& options) {
  const std::string& directory = options.directory;
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv->Get(Family::kMeta, keys::kVersion));
  if (!row.has_value()) {
    return PutVersion(kv);
  }
  int version = 0;
  if (!absl::SimpleAtoi(*row, &version)) {
    return absl::DataLossError(
        absl::StrCat("The schema version of ", directory,
                     " cannot be read. Restore the data directory from a backup."));
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "The data directory ", directory, " was written by a newer itemized (schema version ",
        version, "; this one knows ", kSchemaVersion, "); start that version or a later one."));
  }
  if (version == 8) {
    return MigrateFromVersion8(kv, options.warn);
  }
  if (version == 9 || version == 10) {
    return MigrateFromVersion10(kv);
  }
  if (version < kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "The data directory ", directory, " was written by an older itemized (schema version ",
        version, "; this one reads ", kSchemaVersion,
        " and those from 8 on). Start that version, or name an empty directory and send the events "
        "again."));
  }
  return absl::OkStatus();
}

absl::Status CheckRoom(const Kv& kv, int64_t free_bytes_min) {
  ASSIGN_OR_RETURN(const int64_t free, kv.FreeBytes());
  if (free >= free_bytes_min) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat(
      "The disk of the store is nearly full: ", free >> 20, " MiB are free, and ",
      free_bytes_min >> 20, " MiB must stay so. Make room; nothing is taken until there is some."));
}

// Returns whether an entry makes room, so that it is written however little there is.
bool MakesRoom(const Entry& entry) {
  return entry.events_first_hour.has_value() || entry.views_first_hour.has_value() ||
         !entry.runs_dropped.empty() || !entry.runs_kept.empty() || !entry.notes_dropped.empty();
}

absl::Status NotInLog(const AppendResult& result) {
  if (result.outcome == AppendResult::Outcome::kFenced) {
    return absl::UnavailableError(
        absl::StrCat("Another server writes the log of this store now; send this there. ",
                     result.status.message()));
  }
  return result.status;
}

absl::Status StopAtDamage(BlockRef, const absl::Status& damage) {
  return damage;
}

}  // namespace

State::State(std::unique_ptr<Kv> store, BlockStore block_store, const DatabaseOptions& options)
    : clock(options.clock),
      trusted(options.clock, options.steady),
      kv(std::move(store)),
      blocks(std::move(block_store)),
      views(kv.get(), &blocks, catalog, options.resident_runs_max),
      trusted_costs(options.trusted_cost_providers),
      free_bytes_min(options.free_bytes_min) {}

absl::StatusOr<std::unique_ptr<State>> State::Open(std::unique_ptr<Kv> kv,
                                                   const DatabaseOptions& options) {
  RETURN_IF_ERROR(CheckVersion(kv.get(), options));
  ASSIGN_OR_RETURN(BlockStore blocks, BlockStore::Open(kv.get()));
  auto state = std::make_unique<State>(std::move(kv), std::move(blocks), options);
  LogPosition applied;
  RETURN_IF_ERROR(LoadApplied(*state->kv, &applied));
  state->stored_ = applied.entry;
  state->blocks.Advance(applied.block);
  ASSIGN_OR_RETURN(state->log, LocalLog::Open(state->kv.get(), &state->blocks, applied.entry));
  state->log = options.wrap_log(std::move(state->log));
  RETURN_IF_ERROR(state->Load());
  RETURN_IF_ERROR(
      state->trusted.Load(*state->kv, state->views.latest_call_us(), options.accept_clock));
  return state;
}

// Reads the rows, then the log. A store without an entry gets its first one, which has the key of
// its event ids.
absl::Status State::Load() {
  if (log->last() == 0) {
    Entry first;
    first.catalog.id_key = RandomHashKey();
    return Commit(&first, StagedRuns(&views.runs(), /*mutex=*/nullptr));
  }
  RETURN_IF_ERROR(LoadRows());
  return ReadLog();
}

absl::Status State::LoadRows() {
  RETURN_IF_ERROR(catalog.Load(*kv));
  RateBook book;
  RETURN_IF_ERROR(LoadRates(*kv, &book));
  rates.SetBook(std::make_shared<const RateBook>(std::move(book)));
  RETURN_IF_ERROR(LoadRepricing(*kv, &repricing_mark));
  RETURN_IF_ERROR(LoadJobs(*kv, &jobs));
  return views.Load();
}

absl::Status State::ReadLog() {
  const auto take = [this](const Entry& entry) {
    RETURN_IF_ERROR(Apply(entry));
    PassFailpoint(Failpoint::kReplayed);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      log->Read(views.folded().entry, log->last(), blocks.first_hour(), take, StopAtDamage));
  if (views.folded().entry != log->last()) {
    return absl::DataLossError(absl::StrCat(
        "The store is damaged: its views are at entry ", views.folded().entry,
        " of the log, which ends at ", log->last(), ". Restore the data directory from a backup."));
  }
  return absl::OkStatus();
}

absl::Status State::CatchUp() {
  RETURN_IF_ERROR(log->Resolve());
  const absl::Status read = ReadLog();
  // Answers would be wrong from now on. Opening the store again tells whether it is damaged.
  CHECK_OK(folded_);
  RETURN_IF_ERROR(read);
  is_behind_ = false;
  return absl::OkStatus();
}

absl::Status State::AddRows(const Entry& entry, std::vector<std::string> encoded, KvBatch* batch) {
  blocks.AddRows(entry.blocks, batch, std::move(encoded));
  Catalog::AddRows(entry.catalog, batch);
  RETURN_IF_ERROR(producers.AddRows(entry, batch));
  AddRateRows(entry, *rates.book(), batch);
  AddJobRows(entry, batch);
  AddNoteRows(entry, batch);
  if (entry.events_first_hour.has_value()) {
    BlockStore::AddRow(*entry.events_first_hour, batch);
  }
  for (const std::string& name : entry.runs_dropped) {
    batch->Delete(Family::kRuns, name);
  }
  if (entry.views_first_hour.has_value()) {
    RETURN_IF_ERROR(Views::AddDrop(*kv, *entry.views_first_hour, batch));
  }
  const BlockSequence last =
      entry.blocks.empty() ? blocks.last() : entry.blocks.back().ref.sequence;
  AddAppliedRow({.entry = entry.index, .block = last}, batch);
  return absl::OkStatus();
}

absl::Status State::Commit(Entry* entry, const StagedRuns& staged,
                           std::vector<std::string> encoded) {
  if (is_behind_) {
    return absl::UnavailableError(
        "It is not known yet what became of the last write; send this again in a moment.");
  }
  if (!MakesRoom(*entry) && !entry->catalog.id_key.has_value()) {
    RETURN_IF_ERROR(CheckRoom(*kv, free_bytes_min));
  }
  entry->index = log->last() + 1;
  entry->recorded_us = std::max<int64_t>(0, trusted.NowUs());
  if (entry->job.has_value() && entry->job->id == 0) {
    entry->job->id = entry->index;
  }
  blocks.Number(absl::MakeSpan(entry->blocks));
  std::optional<HashKey> id_key = entry->catalog.id_key;
  entry->catalog = catalog.Unsaved();
  entry->catalog.id_key = id_key;
  producers.AddTo(entry);
  KvBatch rows;
  RETURN_IF_ERROR(AddRows(*entry, std::move(encoded), &rows));
  const AppendResult result = log->Append(*entry, std::move(rows));
  if (result.outcome != AppendResult::Outcome::kAppended) {
    is_behind_ = result.outcome == AppendResult::Outcome::kUnknown;
    return NotInLog(result);
  }
  stored_ = entry->index;
  PassFailpoint(Failpoint::kLogAppended);
  CHECK_OK(ApplyStaged(*entry, staged));
  PassFailpoint(Failpoint::kFolded);
  return absl::OkStatus();
}

absl::Status State::Apply(const Entry& entry) {
  StagedRuns staged(&views.runs(), &mutex);
  if (!views.HasRunsOf(entry.index)) {
    for (const std::string& name : entry.runs_kept) {
      RETURN_IF_ERROR(staged.Keep(name));
    }
    RETURN_IF_ERROR(staged.LoadCalls());
    for (const Block& block : entry.blocks) {
      RETURN_IF_ERROR(staged.Add(block));
    }
  }
  if (entry.index > stored_) {
    KvBatch rows;
    RETURN_IF_ERROR(AddRows(entry, /*encoded=*/{}, &rows));
    RETURN_IF_ERROR(kv->Write(rows, /*sync=*/false));
    stored_ = entry.index;
  }
  return ApplyStaged(entry, staged);
}

// Returns the rate book after `entry`; null if the entry says nothing of rates.
absl::StatusOr<std::shared_ptr<const RateBook>> State::BookAfter(const Entry& entry) const {
  if (entry.rates_set.empty() && entry.rates_removed.empty()) {
    return nullptr;
  }
  RateBook book = *rates.book();
  for (const CheckedRatePtr& rate : entry.rates_set) {
    RETURN_IF_ERROR(book.Set(rate).status());
  }
  for (const std::string& key : entry.rates_removed) {
    book.Remove(key);
  }
  return std::make_shared<const RateBook>(std::move(book));
}

absl::Status State::ApplyStaged(const Entry& entry, const StagedRuns& staged) {
  ASSIGN_OR_RETURN(std::shared_ptr<const RateBook> book, BookAfter(entry));
  const WriterLock lock(mutex);
  RETURN_IF_ERROR(catalog.Apply(entry.catalog));
  producers.Apply(entry);
  if (book != nullptr) {
    rates.SetBook(std::move(book));
  }
  if (entry.repricing.has_value()) {
    repricing_mark = *entry.repricing;
  }
  ApplyJob(entry, &jobs);
  if (entry.events_first_hour.has_value()) {
    blocks.SetFirstHour(*entry.events_first_hour);
  }
  folded_ = views.Fold(entry, staged);
  RETURN_IF_ERROR(folded_);
  if (!entry.blocks.empty()) {
    blocks.Advance(entry.blocks.back().ref.sequence);
  }
  if (on_fold != nullptr && !entry.blocks.empty()) {
    on_fold(entry.blocks);
  }
  return absl::OkStatus();
}

}  // namespace itemized
