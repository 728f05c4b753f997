#pragma once

// One group commit in the making: checks what senders hand in, prices it,
// leaves out what is known already, flags outliers, and sorts it into blocks.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/engine/column_reader.h"
#include "storage/engine/hour_blocks.h"
#include "storage/engine/state.h"
#include "storage/model/event_batch.h"
#include "storage/views/call_sums.h"

namespace itemized {

// For the committer, one for each group.
class GroupBuilder {
 public:
  // Does not own its arguments.
  GroupBuilder(State* state, RateFinder* rates);

  // Takes up the good events of `batch` and says what became of each. An error
  // means that the store could not be read; the group must be given up.
  absl::StatusOr<BatchResult> Add(const EventBatch& batch);

  // The blocks of all batches added. The builder is then spent.
  std::vector<Block> Finish() { return blocks_.Finish(); }

 private:
  // A call's names as numbers, and what follows from them.
  struct Names {
    SeriesId series = 0;
    NameId step = 0;
    const RateBook::Schedule* schedule = nullptr;
  };
  // A run named by the batch at hand.
  struct RunState {
    uint64_t hash = 0;
    const Run* stored = nullptr;
  };

  absl::Status AddCall(const BatchReader& reader, const CallView& call, uint32_t index,
                       BatchResult* result);
  absl::Status AddCompletion(const Completion& completion, uint32_t index, BatchResult* result);
  absl::StatusOr<RunState> RunOf(const BatchReader& reader, uint32_t name);
  Names NamesOf(const BatchReader& reader, const CallView& call);
  NameId InternName(NameKind kind, absl::string_view name);
  SeriesId InternSeries(const SeriesKey& key);
  bool FitsTotals(const CallView& call, const CallCost& cost);
  absl::StatusOr<bool> Supersedes(const CompletionRow& row);

  State& state_;
  RateFinder& rates_;
  const int64_t latest_us_;  // Times after it are refused.
  HourBlocks blocks_;
  CallSums total_;           // Of the store and this group.
  absl::flat_hash_set<std::pair<uint64_t, uint64_t>> ids_;  // Run hash, event fingerprint.
  absl::flat_hash_map<std::string, RunCompletion> completions_;  // In force after this group.

  // Of the batch at hand, by place in its dictionary.
  std::vector<RunState> runs_;
  std::vector<bool> run_known_;
  std::array<std::vector<NameId>, kNameKindCount> name_ids_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, const RateBook::Schedule*> schedules_;
};

}  // namespace itemized
