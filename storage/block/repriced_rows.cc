// SPDX-License-Identifier: Apache-2.0
// The bulk form of RowAppender, for rows that are priced again.

#include <algorithm>

#include "absl/container/flat_hash_map.h"

#include "storage/block/row_appender.h"

namespace itemized {
namespace {

using Rows = absl::Span<const RepricedRow>;

// Appends what `before` and `after` return for each of `rows`.
template <typename T, typename Before, typename After>
void AppendPairs(Rows rows, Before before, After after, std::vector<T>* column) {
  for (const RepricedRow& row : rows) {
    column->push_back(before(row));
    column->push_back(after(row));
  }
}

// Does the same to a column that stays empty as long as all its values are zero. `size` is how many
// rows there were before.
template <typename T, typename Before, typename After>
void AppendSparsePairs(Rows rows, size_t size, Before before, After after, std::vector<T>* column) {
  const auto is_zero = [&](const RepricedRow& row) {
    return before(row) == T{} && after(row) == T{};
  };
  if (column->empty() && std::all_of(rows.begin(), rows.end(), is_zero)) {
    return;
  }
  column->resize(size);
  AppendPairs(rows, before, after, column);
}

// Returns what reads a column that may be empty.
template <typename T>
auto ValueIn(const std::vector<T>& column) {
  return [&column](const RepricedRow& row) { return column.empty() ? T{} : column[row.row]; };
}

uint8_t FlagsAfter(const CallRows& from, const RepricedRow& row) {
  const uint8_t before = from.flags[row.row];
  constexpr int kOfCost = kFlagUnpriced | kFlagCostReported;
  const auto after = static_cast<uint8_t>((before & ~(kOfCost | kVerdictFlags)) |
                                          (row.cost.unpriced ? kFlagUnpriced : 0) |
                                          (row.cost.reported ? kFlagCostReported : 0));
  const bool keeps_verdict = (before & kFlagUnpriced) == 0 && IsRated(after);
  return static_cast<uint8_t>(after | (keeps_verdict ? before & kVerdictFlags : 0));
}

}  // namespace

void RowAppender::AppendRepricedTexts(const CallRows& from, Rows rows) {
  absl::flat_hash_map<uint32_t, uint32_t> sets;  // Their numbers here.
  for (const RepricedRow& row : rows) {
    const size_t size = to_.run.size() + 2;
    const uint32_t run = RunOf(from, row.row);
    to_.run.insert(to_.run.end(), 2, run);
    to_.event_ids.push_back(from.EventId(row.row));
    to_.event_ids.push_back(from.EventId(row.row));
    const absl::string_view report = from.ReportedUsageAt(row.row);
    if (!report.empty() || !to_.reported_usage.empty()) {
      to_.reported_usage.PutLast(size - 1, report);
      to_.reported_usage.PutLast(size, report);
    }
    const absl::string_view model = from.OtherModelAt(row.row);
    if (!model.empty() || !to_.other_model.empty()) {
      to_.other_model.resize(size - 2);
      to_.other_model.resize(size, model.empty() ? 0 : IndexOf(model, &strings_, &to_.strings) + 1);
    }
    const uint32_t set = from.attribute_set.empty() ? 0 : from.attribute_set[row.row];
    const bool has_some = !from.attribute_sets.empty() && !from.attribute_sets[set].empty();
    if (has_some || !to_.attribute_set.empty()) {
      uint32_t& here = sets[set];
      here = has_some && here == 0 ? AttributeSetOf(from, set) : here;
      to_.attribute_set.resize(size - 2);
      to_.attribute_set.resize(size, here);
    }
  }
}

void RowAppender::AppendRepricedFigures(const CallRows& from, Rows rows) {
  const size_t size = to_.size();
  const auto copy = [&](const auto& column, auto* to) {
    AppendPairs(rows, ValueIn(column), ValueIn(column), to);
  };
  const auto copy_sparse = [&](const auto& column, auto* to) {
    AppendSparsePairs(rows, size, ValueIn(column), ValueIn(column), to);
  };
  const auto copy_of_verdict = [&](const std::vector<int64_t>& column, std::vector<int64_t>* to) {
    const auto value = ValueIn(column);
    const auto after = [&](const RepricedRow& row) {
      const bool keeps = !from.Has(row.row, kFlagUnpriced) && IsRated(FlagsAfter(from, row));
      return keeps ? value(row) : 0;
    };
    AppendSparsePairs(rows, size, value, after, to);
  };
  copy(from.time_us, &to_.time_us);
  copy(from.series, &to_.series);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    copy_sparse(from.usage[c], &to_.usage[c]);
  }
  copy(from.duration_us, &to_.duration_us);
  copy(from.status, &to_.status);
  AppendPairs(
      rows, ValueIn(from.cost_picos), [](const RepricedRow& row) { return row.cost.picos; },
      &to_.cost_picos);
  AppendPairs(
      rows, ValueIn(from.flags), [&](const RepricedRow& row) { return FlagsAfter(from, row); },
      &to_.flags);
  copy_of_verdict(from.p50_picos, &to_.p50_picos);
  copy_of_verdict(from.sample_count, &to_.sample_count);
  copy_sparse(from.revision, &to_.revision);
  copy_sparse(from.reported_cost, &to_.reported_cost);
  // They say how many rows there are, so they come last.
  AppendPairs(
      rows, [](const RepricedRow&) { return int8_t{-1}; },
      [](const RepricedRow&) { return int8_t{1}; }, &to_.weight);
}

void RowAppender::AppendRepriced(const CallRows& from, Rows rows) {
  AppendRepricedTexts(from, rows);
  AppendRepricedFigures(from, rows);
}

}  // namespace itemized
