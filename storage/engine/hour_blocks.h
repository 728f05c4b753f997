#pragma once

// Sorts rows into one block for each hour.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "storage/engine/column_reader.h"
#include "storage/log/block.h"
#include "storage/views/baselines.h"

namespace itemized {

class HourBlocks {
 public:
  // Appends a call. `call` belongs to `reader`; its values are good.
  void Add(const BatchReader& reader, const CallView& call, SeriesId series, CallCost cost,
           const Threshold& threshold);
  void Add(CompletionRow row);

  // The blocks in the order in which their hours were first used.
  std::vector<Block> Finish() { return std::move(blocks_); }

 private:
  // What speeds up the building of a block.
  struct Index {
    absl::flat_hash_map<std::string, uint32_t> runs;
    absl::flat_hash_map<std::string, uint32_t> strings;
    absl::flat_hash_map<std::vector<std::pair<uint32_t, uint32_t>>, uint32_t> attribute_sets;
  };
  size_t PositionOf(Hour hour);
  void AddFlags(const CallView& call, CallCost cost, const Threshold& threshold, CallRows* rows);
  void AddAttributes(const BatchReader& reader, const CallView& call, Index* index,
                     CallRows* rows);

  std::vector<Block> blocks_;
  std::vector<Index> indices_;
  absl::flat_hash_map<Hour, size_t> positions_;
  Hour last_hour_ = 0;
  size_t last_position_ = SIZE_MAX;
};

}  // namespace itemized
