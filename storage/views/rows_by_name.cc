// SPDX-License-Identifier: Apache-2.0
#include "storage/views/rows_by_name.h"

#include <algorithm>

namespace itemized {
namespace {

bool ChangesCostsOnly(const CallRows& calls) {
  for (size_t row = 0; row < calls.size(); row += 2) {
    if (!IsRepriced(calls, row)) {
      return false;
    }
  }
  for (const size_t c : UsedClasses(calls)) {
    for (size_t row = 0; row < calls.size(); row += 2) {
      if (calls.usage[c][row] != calls.usage[c][row + 1]) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

// Sorts by counting, so that rows of one name stay in order.
void RowsByName::SortBlock(const Block& block, bool costs_only, uint32_t* rows, Kind* kind) {
  kind->used.clear();
  for (const NameId name : kind->names) {
    if (name.value() >= kind->counts.size()) {
      kind->counts.resize(name.value() + 1);
    }
    if (kind->counts[name.value()]++ == 0) {
      kind->used.push_back(name);
    }
  }
  uint32_t end = 0;
  for (const NameId name : kind->used) {
    const uint32_t count = kind->counts[name.value()];
    kind->counts[name.value()] = end;
    kind->parts.push_back(
        {.name = name, .block = &block, .rows = {rows + end, count}, .costs_only = costs_only});
    end += count;
  }
  for (uint32_t row = 0; row < kind->names.size(); ++row) {
    rows[kind->counts[kind->names[row].value()]++] = row;
  }
  for (const NameId name : kind->used) {
    kind->counts[name.value()] = 0;
  }
}

void RowsByName::Sort(absl::Span<const Block> blocks, const Catalog& catalog) {
  size_t rows = 0;
  for (const Block& block : blocks) {
    rows += block.calls.size();
  }
  for (Kind& kind : kinds_) {
    kind.parts.clear();
    kind.rows.resize(rows);
  }
  size_t first = 0;
  for (const Block& block : blocks) {
    const std::vector<uint32_t>& series = block.calls.series;
    const bool costs_only = ChangesCostsOnly(block.calls);
    for (size_t i = 0; i < kNameKindCount; ++i) {
      Kind& kind = kinds_[i];
      kind.names.resize(series.size());
      std::transform(series.begin(), series.end(), kind.names.begin(),
                     [&](uint32_t id) { return catalog.Series(SeriesId(id)).names[i]; });
      SortBlock(block, costs_only, kind.rows.data() + first, &kind);
    }
    first += series.size();
  }
  for (Kind& kind : kinds_) {
    std::stable_sort(kind.parts.begin(), kind.parts.end(),
                     [](const Part& a, const Part& b) { return a.name < b.name; });
  }
}

}  // namespace itemized
