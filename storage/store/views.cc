// SPDX-License-Identifier: Apache-2.0
#include "storage/store/views.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// The last block in the rows of a view, in the family that is written with them
// (storage/FORMAT.md, "Watermarks").
constexpr Family kRollupsFamily = Family::kRollups;
constexpr Family kRunsFamily = Family::kOutcomes;

constexpr char kFirstHourKey[] = "d";  // Of kMeta (storage/FORMAT.md, "Rollups").

// Without those up to `sequence`; the others follow by rising sequence.
absl::Span<const Block> After(BlockSequence sequence, absl::Span<const Block> blocks) {
  while (!blocks.empty() && blocks.front().ref.sequence <= sequence) {
    blocks.remove_prefix(1);
  }
  return blocks;
}

constexpr size_t kParallelCallsMin = 1'000;  // Fewer are folded before a thread wakes up.

absl::Status LoadWatermark(const Kv& kv, Family family, BlockSequence* sequence) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(family, kWatermarkKey));
  if (row.has_value()) {
    absl::string_view value = *row;
    if (!ReadVarint(&value, sequence) || !value.empty()) {
      return absl::DataLossError("the store is damaged: a watermark cannot be read");
    }
  }
  return absl::OkStatus();
}

absl::Status LoadFirstHour(const Kv& kv, Hour* hour) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, kFirstHourKey));
  if (row.has_value()) {
    absl::string_view value = *row;
    if (!ReadVarint32(&value, hour) || !value.empty()) {
      return absl::DataLossError("the store is damaged: the first hour of the views is unreadable");
    }
  }
  return absl::OkStatus();
}

// Deletes rows whose key ends with a bucket before `end`.
absl::Status DeleteBefore(const Kv& kv, Family family, uint32_t end, KvBatch* batch) {
  auto rows = kv.Scan(family, "", kWatermarkKey);
  for (; rows->Valid(); rows->Next()) {
    absl::string_view bucket_bytes = rows->key();
    uint32_t bucket = 0;
    bucket_bytes.remove_prefix(bucket_bytes.size() - std::min<size_t>(bucket_bytes.size(), 4));
    if (ReadBigEndian32(&bucket_bytes, &bucket) && bucket < end) {
      batch->Delete(family, std::string(rows->key()));
    }
  }
  return rows->status();
}

void SaveWatermark(Family family, BlockSequence sequence, KvBatch* batch) {
  std::string value;
  AppendVarint(&value, sequence);
  batch->Put(family, kWatermarkKey, std::move(value));
}

}  // namespace

absl::Status Views::Load() {
  RETURN_IF_ERROR(LoadWatermark(*kv_, kRollupsFamily, &rollups_saved_));
  RETURN_IF_ERROR(LoadWatermark(*kv_, kRunsFamily, &runs_saved_));
  RETURN_IF_ERROR(rollups_.Load(*kv_, catalog_));
  RETURN_IF_ERROR(LoadFirstHour(*kv_, &first_hour_));
  RETURN_IF_ERROR(runs_.Load(first_hour_));
  baselines_.Rebuild(rollups_);
  RETURN_IF_ERROR(FindLatestCall());
  folded_ = checkpointed();
  return log_->Replay(folded_, [&](Block block) {
    StagedRuns staged(&runs_, /*mutex=*/nullptr);
    RETURN_IF_ERROR(staged.Add(block));
    Fold(absl::MakeConstSpan(&block, 1), staged);
    PassFailpoint(Failpoint::kReplayed);
    return absl::OkStatus();
  });
}

// Rollups know the latest hour; its blocks know the instant.
absl::Status Views::FindLatestCall() {
  Hour latest = 0;
  for (NameId step = 0; step < rollups_.name_count(NameKind::kStep); ++step) {
    const BucketTable<NameDay>& days = rollups_.DaysOf(NameKind::kStep, step);
    if (!days.empty() && !days.back().value.hours.empty()) {
      latest =
          std::max(latest, FirstHourOf(days.back().bucket) + days.back().value.hours.back().first);
    }
  }
  if (latest < log_->first_hour()) {
    latest_call_us_ = HourStartUs(latest + 1) - 1;  // No later than this.
    return absl::OkStatus();
  }
  return log_->ReadHours(latest, latest + 1, log_->last(), Columns(ColumnId::kTime),
                         [&](const Block& block) {
                           for (const int64_t time_us : block.calls.time_us) {
                             latest_call_us_ = std::max(latest_call_us_, time_us);
                           }
                           return absl::OkStatus();
                         });
}

// While the log is replayed, the two kinds of view may be at different blocks.
void Views::FoldCalls(absl::Span<const Block> blocks) {
  blocks = After(rollups_saved_, blocks);
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

void Views::FoldRuns(absl::Span<const Block> blocks, const StagedRuns& staged) {
  const absl::Span<const Block> rest = After(runs_saved_, blocks);
  runs_.Fold(rest, staged.blocks().subspan(blocks.size() - rest.size()));
}

void Views::Fold(absl::Span<const Block> blocks, const StagedRuns& staged) {
  size_t calls = 0;
  for (const Block& block : blocks) {
    CHECK(block.ref.sequence > folded_);
    folded_ = block.ref.sequence;
    last_blocks_[block.ref.hour] = block.ref.sequence;
    calls += block.calls.size();
    for (const int64_t time_us : block.calls.time_us) {
      latest_call_us_ = std::max(latest_call_us_, time_us);
    }
  }
  if (calls < kParallelCallsMin) {
    FoldRuns(blocks, staged);
    FoldCalls(blocks);
    return;
  }
  // They share nothing but the catalog, which both only read.
  helper_.Start([&] { FoldRuns(blocks, staged); });
  FoldCalls(blocks);
  helper_.Wait();
}

absl::StatusOr<Views::Kept> Views::DropBefore(Hour hour, Kv* kv) const {
  KvBatch batch;
  RETURN_IF_ERROR(DeleteBefore(*kv, Family::kRollups, DayOfHour(hour), &batch));
  RETURN_IF_ERROR(DeleteBefore(*kv, Family::kOutcomes, hour, &batch));
  std::string value;
  AppendVarint(&value, hour);
  batch.Put(Family::kMeta, kFirstHourKey, std::move(value));
  RETURN_IF_ERROR(kv->Write(batch, /*sync=*/true));
  Kept kept{.first_hour = hour, .rollups = {}, .outcomes = Outcomes(hour)};
  RETURN_IF_ERROR(kept.rollups.Load(*kv, catalog_));
  RETURN_IF_ERROR(kept.outcomes.Load(*kv, catalog_));
  return kept;
}

void Views::Replace(Kept kept) {
  first_hour_ = kept.first_hour;
  rollups_ = std::move(kept.rollups);
  runs_.SetOutcomes(std::move(kept.outcomes));
  baselines_.Rebuild(rollups_);
}

BlockSequence Views::checkpointed() const {
  return std::min(rollups_saved_, runs_saved_);
}

void Views::Checkpoint(Scope scope, KvBatch* batch) {
  if (scope == Scope::kAll) {
    rollups_.Checkpoint(&helper_, batch);
    rollups_saved_ = folded_;
    SaveWatermark(kRollupsFamily, folded_, batch);
  }
  runs_.Checkpoint(&helper_, batch);
  runs_saved_ = folded_;
  SaveWatermark(kRunsFamily, folded_, batch);
}

}  // namespace itemized
