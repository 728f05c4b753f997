#include "storage/views/views.h"

#include <algorithm>
#include <optional>
#include <string>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// Family::kMeta: the last block in the rows of a view (storage/FORMAT.md, "Watermarks").
constexpr char kRollupsKey[] = "w/rollups";
constexpr char kRunsKey[] = "w/runs";

absl::Status LoadWatermark(const Kv& kv, const char* key, BlockSequence* sequence) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, key));
  if (row.has_value()) {
    absl::string_view value = *row;
    if (!ReadVarint(&value, sequence) || !value.empty()) {
      return absl::DataLossError("the store is damaged: a watermark cannot be read");
    }
  }
  return absl::OkStatus();
}

void SaveWatermark(const char* key, BlockSequence sequence, KvBatch* batch) {
  std::string value;
  AppendVarint(&value, sequence);
  batch->Put(Family::kMeta, key, std::move(value));
}

}  // namespace

absl::Status Views::Load(const Kv& kv, const Log& log, const Catalog& catalog) {
  RETURN_IF_ERROR(LoadWatermark(kv, kRollupsKey, &rollups_saved_));
  RETURN_IF_ERROR(LoadWatermark(kv, kRunsKey, &runs_saved_));
  RETURN_IF_ERROR(rollups_.Load(kv));
  RETURN_IF_ERROR(runs_.Load(kv));
  baselines_.Rebuild(catalog, rollups_);
  RETURN_IF_ERROR(FindLatestCall(log));
  folded_ = checkpointed();
  return log.Replay(folded_, [&](const Block& block) {
    RETURN_IF_ERROR(Stage(block));
    Fold(block, catalog);
    return absl::OkStatus();
  });
}

// Rollups know the latest hour; its blocks know the instant.
absl::Status Views::FindLatestCall(const Log& log) {
  Hour latest = 0;
  for (SeriesId series = 0; series < rollups_.series_count(); ++series) {
    const CallRollups::Days& days = rollups_.DaysOf(series);
    if (!days.empty() && !days.rbegin()->second.hours.empty()) {
      const auto& [day, rollup] = *days.rbegin();
      latest = std::max(latest, day * 24 + rollup.hours.back().first);
    }
  }
  return log.ReadHours(latest, latest + 1, log.last(), Columns(ColumnId::kTime),
                       [&](const Block& block) {
                         for (const int64_t time_us : block.calls.time_us) {
                           latest_call_us_ = std::max(latest_call_us_, time_us);
                         }
                         return absl::OkStatus();
                       });
}

absl::Status Views::Stage(const Block& block) {
  for (const std::string& name : block.calls.run_names) {
    RETURN_IF_ERROR(runs_.Stage(name).status());
  }
  for (const CompletionRow& row : block.completions) {
    RETURN_IF_ERROR(runs_.Stage(row.run_name).status());
  }
  return absl::OkStatus();
}

// While the log is replayed, the two kinds of view may be at different blocks.
void Views::Fold(const Block& block, const Catalog& catalog) {
  CHECK(block.ref.sequence > folded_);
  folded_ = block.ref.sequence;
  for (const int64_t time_us : block.calls.time_us) {
    latest_call_us_ = std::max(latest_call_us_, time_us);
  }
  if (folded_ > rollups_saved_) {
    rollups_.Fold(block);
    baselines_.Fold(block, catalog, rollups_);
  }
  if (folded_ > runs_saved_) {
    runs_.Fold(block, catalog);
  }
}

BlockSequence Views::checkpointed() const { return std::min(rollups_saved_, runs_saved_); }

void Views::Checkpoint(Scope scope, const Catalog& catalog, KvBatch* batch) {
  runs_.Checkpoint(batch);
  runs_saved_ = folded_;
  SaveWatermark(kRunsKey, folded_, batch);
  if (scope == Scope::kAll) {
    rollups_.Checkpoint(catalog, batch);
    rollups_saved_ = folded_;
    SaveWatermark(kRollupsKey, folded_, batch);
  }
}

}  // namespace itemized
