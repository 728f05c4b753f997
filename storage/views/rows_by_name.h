// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of the log sorted by one of their names. A view that folds all rows of a
// name together finds that name's cells in the cache; row by row, each row would
// wait for memory once for each of its names.

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "storage/block/block.h"
#include "storage/catalog/catalog.h"

namespace itemized {

// Not thread-safe. Keeps its memory from one Sort to the next.
class RowsByName {
 public:
  // The rows of one name in one block, as they lie there.
  struct Part {
    NameId name = 0;
    const Block* block = nullptr;
    absl::Span<const uint32_t> rows;
  };

  // Sorts the rows of `blocks`, which must outlive their use here.
  void Sort(absl::Span<const Block> blocks, const Catalog& catalog);

  // Those of one name follow each other, in the order of the blocks.
  absl::Span<const Part> Parts(NameKind kind) const {
    return kinds_[static_cast<size_t>(kind)].parts;
  }

 private:
  struct Kind {
    std::vector<Part> parts;
    std::vector<uint32_t> rows;  // Of all parts.
    std::vector<NameId> names;   // Of the rows of the block at hand.
    // By NameId: rows of that block, then where the next one goes. Zero in between.
    std::vector<uint32_t> counts;
    std::vector<NameId> used;
  };
  static void SortBlock(const Block& block, uint32_t* rows, Kind* kind);

  std::array<Kind, kNameKindCount> kinds_;
};

}  // namespace itemized
