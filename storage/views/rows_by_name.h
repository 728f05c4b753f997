// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of an entry sorted by each kind of their names. A view that folds all rows of a name
// together finds that name's cells in the cache; folded one by one, each row would wait for memory
// once for each of its names.

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "storage/block/block.h"
#include "storage/catalog/catalog.h"

namespace itemized {

// The sorted rows. They keep their memory from one Sort to the next. Not thread-safe.
class RowsByName {
 public:
  // The rows of one name in one block, in the order of the block.
  struct Part {
    NameId name{};
    const Block* block = nullptr;
    absl::Span<const uint32_t> rows;
    // Whether the block takes calls out and brings them back with all that they had but their costs
    // and flags. Then its durations and usages come to nothing.
    bool costs_only = false;
  };

  // Sorts the rows of `blocks`, which must outlive their use here.
  void Sort(absl::Span<const Block> blocks, const Catalog& catalog);

  // The parts of one kind: those of one name follow each other, in the order of the blocks.
  absl::Span<const Part> Parts(NameKind kind) const {
    return kinds_[static_cast<size_t>(kind)].parts;
  }

 private:
  struct Kind {
    std::vector<Part> parts;
    std::vector<uint32_t> rows;  // The rows of all parts.
    std::vector<NameId> names;   // Scratch of SortBlock, as are the next two: a name for each row.
    // Indexed by NameId: how many rows the block has of it, then where the next one goes. All zero
    // from one SortBlock to the next.
    std::vector<uint32_t> counts;
    std::vector<NameId> used;
  };
  static void SortBlock(const Block& block, bool costs_only, uint32_t* rows, Kind* kind);

  std::array<Kind, kNameKindCount> kinds_;
};

}  // namespace itemized
