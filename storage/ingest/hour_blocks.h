// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sorts rows into one block for each hour.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/block/block.h"
#include "storage/ingest/checked_batch.h"
#include "storage/runs/runs.h"
#include "storage/runs/staged_runs.h"
#include "storage/views/baselines.h"

namespace itemized {

// A run that the group names, its place among these runs, and where its last call went, since the
// next one mostly goes there too.
struct PendingRun {
  RunEntry* entry = nullptr;
  uint32_t index = 0;
  size_t block = SIZE_MAX;  // The block of its last event; SIZE_MAX if there was none.
  uint32_t name = 0;        // The place of its name in that block.
};

// A call that the group takes up.
struct PricedCall {
  const CheckedCall* checked = nullptr;
  PendingRun* run = nullptr;
  const Threshold* threshold = nullptr;  // The threshold of its step.
  SeriesId series{};
  CallCost cost;
  bool has_other_model = false;  // Its series does not name its model.
};

// The blocks of a group. Not thread-safe.
class HourBlocks {
 public:
  // `calls` is about how many there will be, for which room is made.
  explicit HourBlocks(size_t calls) : calls_(calls) {}

  // Appends calls of `batch`.
  void Add(const CheckedBatch& batch, absl::Span<const PricedCall> calls);
  // Appends a completion of `run`, and sets its place in the block.
  void Add(CompletionRow row, PendingRun* run);

  // Returns the blocks in the order in which their hours were first used, and adds their runs to
  // `staged` in that order. This object is then spent.
  std::vector<Block> Finish(StagedRuns* staged);

 private:
  // Finds what a block's dictionaries have already.
  struct Index {
    absl::flat_hash_map<uint32_t, uint32_t> runs;  // Names by PendingRun::index.
    absl::flat_hash_map<std::string, uint32_t> strings;
    absl::flat_hash_map<std::vector<std::pair<uint32_t, uint32_t>>, uint32_t> attribute_sets;
  };
  size_t PositionOf(Hour hour);
  uint32_t NameOf(PendingRun* run, size_t position);
  void AddToBlock(const CheckedBatch& batch, absl::Span<const PricedCall> calls, size_t position);
  void AddOtherModels(const CheckedBatch& batch, absl::Span<const PricedCall> calls,
                      size_t position);
  void AddAttributes(const CheckedBatch& batch, absl::Span<const PricedCall> calls,
                     size_t position);

  const size_t calls_;
  std::vector<Block> blocks_;
  std::vector<StagedBlock> staged_;  // One for each block.
  std::vector<Index> indices_;
  absl::flat_hash_map<Hour, size_t> positions_;
  Hour last_hour_{};
  size_t last_position_ = SIZE_MAX;
};

}  // namespace itemized
