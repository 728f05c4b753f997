// SPDX-License-Identifier: Apache-2.0
#include "storage/store/entry_rows.h"

#include <string>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized {

namespace {

std::string EncodeEndedRate(const Rate& rate, int64_t ended_at_us) {
  std::string value;
  AppendVarint(&value, static_cast<uint64_t>(ended_at_us));
  value += EncodeRate(rate);
  return value;
}

// Sets the row of a mark, or takes it away.
void AddMark(const char* key, const std::optional<int64_t>& from_us, KvBatch* batch) {
  if (!from_us.has_value()) {
    batch->Delete(Family::kMeta, key);
    return;
  }
  std::string value;
  AppendVarint(&value, static_cast<uint64_t>(*from_us));
  batch->Put(Family::kMeta, key, std::move(value));
}

}  // namespace

void AddRateRows(const Entry& entry, const RateBook& before, KvBatch* batch) {
  const auto end = [&](const std::string& key) {
    if (const Rate* rate = before.Get(key); rate != nullptr) {
      batch->Put(Family::kMeta, keys::EndedRate(key, entry.index),
                 EncodeEndedRate(*rate, entry.recorded_us));
    }
  };
  for (const CheckedRatePtr& rate : entry.rates_set) {
    end(rate->key());
    batch->Put(Family::kMeta, keys::Rate(rate->key()), EncodeRate(rate->rate()));
  }
  for (const std::string& key : entry.rates_removed) {
    end(key);
    batch->Delete(Family::kMeta, keys::Rate(key));
  }
  if (entry.repricing.has_value()) {
    AddMark(keys::kRepricing, entry.repricing->from_us, batch);
    AddMark(keys::kRepricingUnpriced, entry.repricing->unpriced_from_us, batch);
  }
}

void AddJobRows(const Entry& entry, KvBatch* batch) {
  if (!entry.job.has_value()) {
    return;
  }
  batch->Put(Family::kMeta, keys::Job(entry.job->id), EncodeJob(*entry.job));
  if (entry.blocks.empty()) {
    return;
  }
  std::string value;
  AppendVarint(&value, entry.blocks.front().ref.sequence);
  for (const Block& block : entry.blocks) {
    AppendVarint(&value, block.ref.hour.value());
  }
  batch->Put(Family::kMeta, keys::JobBlocks(entry.job->id, entry.index), std::move(value));
}

namespace {

absl::Status DamagedJob() {
  return absl::DataLossError(
      "The store is damaged: a repricing job cannot be read. Restore the data directory from a "
      "backup.");
}

absl::Status LoadJobBlocks(const Kv& kv, StoredJobs* jobs) {
  auto rows = kv.Scan(Family::kMeta, keys::kJobBlocks, keys::Past(keys::kJobBlocks));
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    absl::string_view value = rows->value();
    key.remove_prefix(1);
    uint64_t id = 0;
    BlockSequence sequence = 0;
    if (!ReadBigEndian64(&key, &id) || !jobs->contains(id) || !ReadVarint(&value, &sequence)) {
      return DamagedJob();
    }
    while (!value.empty()) {
      BlockRef ref{.hour = {}, .sequence = sequence++};
      if (!ReadVarintId(&value, &ref.hour)) {
        return DamagedJob();
      }
      (*jobs)[id].blocks.push_back(ref);
    }
  }
  return rows->status();
}

}  // namespace

absl::Status LoadJobs(const Kv& kv, StoredJobs* jobs) {
  auto rows = kv.Scan(Family::kMeta, keys::kJobs, keys::Past(keys::kJobs));
  for (; rows->Valid(); rows->Next()) {
    absl::string_view key = rows->key();
    key.remove_prefix(1);
    uint64_t id = 0;
    std::optional<RepricingJob> job;
    if (ReadBigEndian64(&key, &id) && key.empty()) {
      job = DecodeJob(id, rows->value());
    }
    if (!job.has_value()) {
      return DamagedJob();
    }
    (*jobs)[id].job = *std::move(job);
  }
  RETURN_IF_ERROR(rows->status());
  return LoadJobBlocks(kv, jobs);
}

void ApplyJob(const Entry& entry, StoredJobs* jobs) {
  if (!entry.job.has_value()) {
    return;
  }
  StoredJob& stored = (*jobs)[entry.job->id];
  stored.job = *entry.job;
  for (const Block& block : entry.blocks) {
    if (stored.blocks.empty() || stored.blocks.back().sequence < block.ref.sequence) {
      stored.blocks.push_back(block.ref);
    }
  }
}

absl::Status LoadRates(const Kv& kv, RateBook* book) {
  auto rows = kv.Scan(Family::kMeta, keys::kRates, keys::Past(keys::kRates));
  for (; rows->Valid(); rows->Next()) {
    ASSIGN_OR_RETURN(Rate rate, DecodeRate(rows->value()));
    RETURN_IF_ERROR(book->Set(std::move(rate)).status());
  }
  return rows->status();
}

absl::StatusOr<std::vector<EndedRate>> LoadEndedRates(const Kv& kv) {
  std::vector<EndedRate> ended;
  auto rows = kv.Scan(Family::kMeta, keys::kEndedRates, keys::Past(keys::kEndedRates));
  for (; rows->Valid(); rows->Next()) {
    absl::string_view value = rows->value();
    uint64_t ended_at_us = 0;
    if (!ReadVarint(&value, &ended_at_us) || ended_at_us > uint64_t{kTimeMaxUs}) {
      return absl::DataLossError(
          "The store is damaged: a rate of the past cannot be read. Restore the data directory "
          "from a backup.");
    }
    ASSIGN_OR_RETURN(Rate rate, DecodeRate(value));
    ended.push_back({.rate = std::move(rate), .at_us = static_cast<int64_t>(ended_at_us)});
  }
  RETURN_IF_ERROR(rows->status());
  return ended;
}

namespace {

absl::Status LoadMark(const Kv& kv, const char* key, std::optional<int64_t>* from_us) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, key));
  if (!row.has_value()) {
    return absl::OkStatus();
  }
  absl::string_view value = *row;
  uint64_t instant = 0;
  if (!ReadVarint(&value, &instant) || !value.empty() || instant > uint64_t{kTimeMaxUs}) {
    return absl::DataLossError(
        "The store is damaged: the repricing mark cannot be read. Restore the data directory "
        "from a backup.");
  }
  *from_us = static_cast<int64_t>(instant);
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadRepricing(const Kv& kv, RepricingMark* mark) {
  RETURN_IF_ERROR(LoadMark(kv, keys::kRepricing, &mark->from_us));
  return LoadMark(kv, keys::kRepricingUnpriced, &mark->unpriced_from_us);
}

void AddNoteRows(const Entry& entry, KvBatch* batch) {
  for (const Note& note : entry.notes) {
    std::string row;
    AppendZigzag(&row, note.time_us);
    batch->Put(Family::kNotes, note.key, row + note.value);
  }
  for (const std::string& key : entry.notes_dropped) {
    batch->Delete(Family::kNotes, key);
  }
}

absl::StatusOr<Note> ReadNoteRow(absl::string_view key, absl::string_view row) {
  Note note;
  note.key = std::string(key);
  if (!ReadZigzag(&row, &note.time_us)) {
    return absl::DataLossError(
        "The store is damaged: a note cannot be read. Restore the data directory from a backup.");
  }
  note.value = std::string(row);
  return note;
}

void AddAppliedRow(const LogPosition& position, KvBatch* batch) {
  std::string value;
  AppendVarint(&value, position.entry);
  AppendVarint(&value, position.block);
  batch->Put(Family::kMeta, keys::kApplied, std::move(value));
}

absl::Status LoadApplied(const Kv& kv, LogPosition* position) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, keys::kApplied));
  if (!row.has_value()) {
    return absl::OkStatus();
  }
  absl::string_view value = *row;
  if (!ReadVarint(&value, &position->entry) || !ReadVarint(&value, &position->block) ||
      !value.empty()) {
    return absl::DataLossError(
        "The store is damaged: the row that says how far its rows follow the log cannot be read. "
        "Restore the data directory from a backup.");
  }
  return absl::OkStatus();
}

}  // namespace itemized
