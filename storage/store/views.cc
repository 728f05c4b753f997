// SPDX-License-Identifier: Apache-2.0
#include "storage/store/views.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

constexpr size_t kParallelCallsMin = 1'000;  // Fewer calls are folded before a thread wakes up.

const char* WatermarkOf(Family family) {
  return family == Family::kRuns ? keys::kRunsWatermark : keys::kWatermark;
}

absl::Status LoadWatermark(const Kv& kv, Family family, LogPosition* position) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(family, WatermarkOf(family)));
  if (row.has_value()) {
    absl::string_view value = *row;
    if (!ReadVarint(&value, &position->entry) || !ReadVarint(&value, &position->block) ||
        !value.empty()) {
      return absl::DataLossError(
          "The store is damaged: a watermark cannot be read. Restore the data directory "
          "from a backup.");
    }
  }
  return absl::OkStatus();
}

// Deletes rows whose key ends with a bucket before `end`.
template <TimeBucket Bucket>
absl::Status DeleteBefore(const Kv& kv, Family family, Bucket end, KvBatch* batch) {
  auto rows = kv.Scan(family, "", keys::kWatermark);
  for (; rows->Valid(); rows->Next()) {
    absl::string_view bucket_bytes = rows->key();
    Bucket bucket;
    bucket_bytes.remove_prefix(bucket_bytes.size() - std::min<size_t>(bucket_bytes.size(), 4));
    if (ReadBigEndianId(&bucket_bytes, &bucket) && bucket < end) {
      batch->Delete(family, std::string(rows->key()));
    }
  }
  return rows->status();
}

void SaveWatermark(Family family, const LogPosition& position, KvBatch* batch) {
  std::string value;
  AppendVarint(&value, position.entry);
  AppendVarint(&value, position.block);
  batch->Put(family, WatermarkOf(family), std::move(value));
}

void SaveWatermarkOfRuns(const LogPosition& position, KvBatch* batch) {
  SaveWatermark(Family::kRuns, position, batch);
  SaveWatermark(Family::kOutcomes, position, batch);
}

// Reads how far the runs hold the log, and their outcomes, which lie in a family of their own.
absl::Status LoadWatermarkOfRuns(const Kv& kv, LogPosition* position) {
  LogPosition runs;
  RETURN_IF_ERROR(LoadWatermark(kv, Family::kRuns, &runs));
  RETURN_IF_ERROR(LoadWatermark(kv, Family::kOutcomes, position));
  if (runs != *position) {
    return absl::DataLossError(absl::StrCat(
        "The store is damaged: its runs are at entry ", runs.entry, " of the log, their outcomes ",
        "at ", position->entry, ". Restore the data directory from a backup."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Hour> Views::LoadFirstHour(const Kv& kv) {
  Hour hour{};
  ASSIGN_OR_RETURN(const std::optional<std::string> row,
                   kv.Get(Family::kMeta, keys::kViewsFirstHour));
  absl::string_view value = row.has_value() ? absl::string_view(*row) : "";
  if (row.has_value() && (!ReadVarintId(&value, &hour) || !value.empty())) {
    return absl::DataLossError(
        "The store is damaged: the first hour of the views cannot be read. Restore the data "
        "directory from a backup.");
  }
  return hour;
}

void Views::AddWatermarks(const LogPosition& rollups, const LogPosition& runs, KvBatch* batch) {
  SaveWatermark(Family::kRollups, rollups, batch);
  SaveWatermarkOfRuns(runs, batch);
}

absl::Status Views::Load() {
  RETURN_IF_ERROR(LoadWatermark(*kv_, Family::kRollups, &rollups_saved_));
  RETURN_IF_ERROR(LoadWatermarkOfRuns(*kv_, &runs_saved_));
  RETURN_IF_ERROR(rollups_.Load(*kv_, catalog_));
  ASSIGN_OR_RETURN(first_hour_, LoadFirstHour(*kv_));
  RETURN_IF_ERROR(runs_.Load(first_hour_));
  baselines_.Rebuild(rollups_);
  RETURN_IF_ERROR(FindLatestCall());
  folded_ = checkpointed();
  return absl::OkStatus();
}

// Reads the instant from the blocks of the latest hour, which the rollups know.
absl::Status Views::FindLatestCall() {
  const Hour latest = rollups_.latest_hour();
  if (latest < blocks_->first_hour()) {
    latest_call_us_ = HourStartUs(latest + 1) - 1;  // The call is no later than this.
    return absl::OkStatus();
  }
  return blocks_->ReadHours(latest, latest + 1, blocks_->last(), Columns(ColumnId::kTime),
                            [&](const Block& block) {
                              for (const int64_t time_us : block.calls.time_us) {
                                latest_call_us_ = std::max(latest_call_us_, time_us);
                              }
                              return absl::OkStatus();
                            });
}

void Views::FoldCalls(absl::Span<const Block> blocks) {
  while (!blocks.empty()) {
    const Day day = DayOfHour(blocks.front().ref.hour);
    size_t count = 1;
    while (count < blocks.size() && DayOfHour(blocks[count].ref.hour) == day) {
      ++count;
    }
    rows_.Sort(blocks.first(count), catalog_);
    rollups_.Fold(rows_);
    baselines_.Fold(rows_, rollups_);
    blocks.remove_prefix(count);
  }
  baselines_.Settle(rollups_);
}

absl::Status Views::FoldRuns(const Entry& entry, const StagedRuns& staged) {
  for (const std::string& name : entry.runs_dropped) {
    runs_.Forget(name);
  }
  runs_.KeepCalls(staged.kept());
  return runs_.Fold(entry.blocks, staged.blocks());
}

absl::Status Views::FoldBlocks(const Entry& entry, const StagedRuns& staged) {
  const bool is_for_rollups = entry.index > rollups_saved_.entry;
  const bool is_for_runs = entry.index > runs_saved_.entry;
  size_t calls = 0;
  for (const Block& block : entry.blocks) {
    calls += block.calls.size();
  }
  absl::Status folded;
  // The two folds share nothing but the catalog, which both only read.
  const auto fold = [&](size_t view) {
    if (view == 0 && is_for_rollups && !entry.blocks.empty()) {
      FoldCalls(entry.blocks);
    } else if (view == 1 && is_for_runs) {
      folded = FoldRuns(entry, staged);
    }
  };
  if (is_for_runs && is_for_rollups && calls >= kParallelCallsMin) {
    team_.ParallelFor(2, fold);
  } else {
    fold(0);
    fold(1);
  }
  return folded;
}

absl::Status Views::Fold(const Entry& entry, const StagedRuns& staged) {
  CHECK(entry.index == folded_.entry + 1);
  folded_.entry = entry.index;
  for (const Block& block : entry.blocks) {
    CHECK(block.ref.sequence > folded_.block);
    folded_.block = block.ref.sequence;
    last_blocks_[block.ref.hour] = block.ref.sequence;
    for (const int64_t time_us : block.calls.time_us) {
      latest_call_us_ = std::max(latest_call_us_, time_us);
    }
  }
  RETURN_IF_ERROR(FoldBlocks(entry, staged));
  if (entry.views_first_hour.has_value()) {
    DropBefore(*entry.views_first_hour);
  }
  return absl::OkStatus();
}

absl::Status Views::AddDrop(const Kv& kv, Hour hour, KvBatch* batch) {
  RETURN_IF_ERROR(DeleteBefore(kv, Family::kRollups, DayOfHour(hour), batch));
  RETURN_IF_ERROR(DeleteBefore(kv, Family::kOutcomes, hour, batch));
  std::string value;
  AppendVarint(&value, hour.value());
  batch->Put(Family::kMeta, keys::kViewsFirstHour, std::move(value));
  return absl::OkStatus();
}

void Views::DropBefore(Hour hour) {
  first_hour_ = hour;
  rollups_.DropBefore(DayOfHour(hour));
  runs_.DropOutcomesBefore(hour);
  baselines_.Rebuild(rollups_);
}

LogPosition Views::checkpointed() const {
  return rollups_saved_.entry < runs_saved_.entry ? rollups_saved_ : runs_saved_;
}

void Views::Checkpoint(Scope scope, KvBatch* batch) {
  if (scope == Scope::kAll) {
    rollups_.Checkpoint(&team_, batch);
    rollups_saved_ = folded_;
    SaveWatermark(Family::kRollups, folded_, batch);
  }
  runs_.Checkpoint(&team_, batch);
  runs_saved_ = folded_;
  SaveWatermarkOfRuns(folded_, batch);
}

}  // namespace itemized
