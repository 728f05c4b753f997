// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which rows of the log a question is about, and by what they are told apart.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/block/block.h"
#include "storage/block/column_codec.h"
#include "storage/catalog/catalog.h"
#include "storage/query/call_totals.h"
#include "storage/query/query_types.h"
#include "storage/views/rollup_scan.h"

namespace itemized {

// The kind of name that `by` groups by; none for attributes.
std::optional<NameKind> KindOf(GroupBy by);

// The value of an attribute of a row; "" if it has none.
absl::string_view AttributeOf(const CallRows& calls, size_t row, absl::string_view key);

// The rows of the rollups of the step that `filter` names, or of all steps.
RollupScan StepsOf(const CallFilter& filter, const Catalog& catalog);

// Made for one question under the lock of the state. Rows that are in its snapshot are told without
// the lock.
class RowFilter {
 public:
  // Both outlive it.
  RowFilter(const CallFilter& filter, const Catalog& catalog);

  // Makes rows not match that are without the attribute `key`, which outlives this, or give it as
  // "".
  void RequireAttribute(absl::string_view key) { required_key_ = key; }

  // Makes rows not match that are of other steps than these.
  void RequireSteps(const std::vector<NameId>& steps);

  // What Matches and Choose need.
  ColumnMask columns() const;

  bool Matches(const SeriesKey& key) const;
  // Tells a row; all rows of a block come in turn.
  bool Matches(const Block& block, size_t row);
  // Whether the calls of each SeriesId may match; empty if no name is filtered by. It lives as long
  // as this.
  absl::Span<const char> series() const { return series_; }
  bool has_attributes() const { return !filter_.attributes.empty() || !required_key_.empty(); }
  // Adds the rows of a block that match to `*rows`, rising.
  void Choose(const Block& block, std::vector<uint32_t>* rows);

 private:
  bool MatchesSet(const CallRows& calls, size_t set) const;
  void Begin(const Block& block);
  void FindSeries();

  const CallFilter& filter_;
  const Catalog& catalog_;
  absl::string_view required_key_;  // An attribute that rows must have; "" for none.
  // The names of each kind that are let through; all if not set.
  std::array<std::optional<std::vector<NameId>>, kNameKindCount> names_;
  std::vector<char> series_;  // Whether each SeriesId matches; empty if no name is filtered by.
  const Block* block_ = nullptr;
  BlockSequence sequence_ = 0;  // The sequence of `block_`, whose memory another block may take.
  std::vector<char> sets_;      // Whether each attribute set of the block matches.
};

// The name by which a question tells rows apart.
class RowKeys {
 public:
  // Both outlive it.
  RowKeys(GroupBy by, absl::string_view attribute_key, const Catalog& catalog)
      : kind_(KindOf(by)), attribute_key_(attribute_key), catalog_(catalog) {}

  // What KeyOf needs, beside kSeries.
  ColumnMask columns() const;
  absl::string_view KeyOf(const SeriesKey& key) const { return catalog_.Name(*kind_, key[*kind_]); }
  absl::string_view KeyOf(const LogRow& row) const;
  // Rows of one block with equal numbers have equal keys; of all blocks, unless it is an
  // attribute that tells them apart.
  uint32_t NumberOf(const LogRow& row) const;
  bool is_attribute() const { return !kind_.has_value(); }

 private:
  const std::optional<NameKind> kind_;
  const absl::string_view attribute_key_;
  const Catalog& catalog_;
};

}  // namespace itemized
