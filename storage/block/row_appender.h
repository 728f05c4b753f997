// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/block/block.h"

namespace itemized {

// How a call compared with its threshold: those of its flags that are kVerdictFlags, and its
// receipt.
struct RowVerdict {
  uint8_t flags = 0;
  int64_t p50_picos = 0;
  int64_t sample_count = 0;
};
RowVerdict VerdictOf(const CallRows& calls, size_t row);

// What the call of a row costs by now.
struct RepricedRow {
  uint32_t row = 0;
  CallCost cost;
};

// Appends rows of other blocks to a block of the same hour. It keeps an index of that block's
// names, so the time to append a row does not depend on how many there are. Not thread-safe.
class RowAppender {
 public:
  // `to` is empty and outlives the appender; nothing else changes it meanwhile.
  explicit RowAppender(CallRows* to) : to_(*to) {}

  // Appends row `row` of `from` with another weight.
  void Append(const CallRows& from, size_t row, int8_t weight) {
    Append(from, row, weight, from.RowUsageAt(row), from.CostAt(row), VerdictOf(from, row));
  }
  // Appends row `row` of `from` with another weight, usage, cost and verdict.
  void Append(const CallRows& from, size_t row, int8_t weight, const RowUsage& usage, CallCost cost,
              const RowVerdict& verdict);

  // Appends for each of these rows of `from` first what takes it out, then the row with its new
  // cost. One that had a price and has one keeps its verdict; any other has none. This is for many
  // rows at a time: columns are gone through one by one.
  void AppendRepriced(const CallRows& from, absl::Span<const RepricedRow> rows);

  // Gives a row that was appended without a verdict this one.
  void SetVerdict(size_t row, const RowVerdict& verdict);

 private:
  using AttributeSet = std::vector<std::pair<uint32_t, uint32_t>>;
  using Texts = absl::flat_hash_map<std::string, uint32_t>;

  static uint32_t IndexOf(absl::string_view text, Texts* index, StringColumn* list);
  uint32_t RunOf(const CallRows& from, size_t row);
  uint32_t AttributeSetOf(const CallRows& from, uint32_t set);
  void AppendAttributes(const CallRows& from, size_t row);
  void AppendRepricedTexts(const CallRows& from, absl::Span<const RepricedRow> rows);
  void AppendRepricedFigures(const CallRows& from, absl::Span<const RepricedRow> rows);

  CallRows& to_;
  Texts run_names_;
  Texts strings_;
  absl::flat_hash_map<AttributeSet, uint32_t> attribute_sets_;
};

}  // namespace itemized
