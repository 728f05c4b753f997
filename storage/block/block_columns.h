// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/block/packed_column.h"

namespace itemized {

// Fills a block from the raw bytes of its columns. Methods return false at malformed
// bytes. Not thread-safe.
class BlockColumns {
 public:
  // Does not own `block`, whose ref is set. Each column of the calls has `rows` values, and there
  // are at most `completions`.
  BlockColumns(Block* block, size_t rows, size_t completions)
      : block_(*block), rows_(rows), completions_(completions) {}

  // Takes the raw bytes of one column, or the values of a packed one.
  bool Read(ColumnId id, absl::string_view raw);
  bool Read(ColumnId id, const PackedValues& values) { return ReadNumbers(id, values); }
  bool Read(ColumnId id, const PackedRows& values) { return ReadNumbers(id, values); }

  // Fills what depends on several columns and checks indices; called last. `mask` says which
  // columns were to be read. A column among them that was not stored is all zero.
  bool Finish(ColumnMask mask);

 private:
  // `Values` are a string_view of varints, PackedValues, or PackedRows.
  template <typename Values>
  bool ReadNumbers(ColumnId id, const Values& values);
  template <typename T>
  bool ReadUnsigned(absl::string_view raw, std::vector<T>* out) const;
  template <typename Packed, typename T>
  bool ReadUnsigned(const Packed& values, std::vector<T>* out) const;
  template <typename Values>
  bool ReadUsage(ColumnId id, const Values& values);
  template <typename Values>
  bool ReadTime(const Values& values);
  bool ReadNegativeWeights(absl::string_view raw);
  bool ReadAttributeSets(absl::string_view raw);
  bool ReadCompletions(absl::string_view raw);
  bool FinishEventIds();
  bool FinishReportedUsage();
  bool IndicesFit(ColumnMask mask) const;

  Block& block_;
  const size_t rows_;
  const size_t completions_;
  std::string event_id_shape_;
  std::string event_id_bytes_;
  std::string reported_usage_recipes_;
  std::vector<uint32_t> reported_usage_recipe_;
  std::string reported_usage_numbers_;
};

}  // namespace itemized
