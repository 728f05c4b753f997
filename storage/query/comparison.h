// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/base/cancellation.h"
#include "storage/query/attribution.h"
#include "storage/query/compared_side.h"

namespace itemized {

// Puts what calls of two sides cost down to causes. What a step costs in a workflow is a sum, over
// models and classes of units, of
//
//   runs x calls of a run x units of a call x the class's part of them x the model's part of the
//   class x price of a unit
//
// in which every factor is a quotient of sums, so that the product is what the units cost, exactly.
// Not thread-safe.
class Comparison {
 public:
  // What comes of the calls of one name.
  struct Row {
    ComparedCalls before;
    ComparedCalls after;
    Attribution causes;
  };
  using Rows = std::map<NameId, Row>;

  // Both sides outlive it. Rows are by names of kind `by`.
  Comparison(const ComparedSide& before, const ComparedSide& after, NameKind by);

  // The comparison is spent then. Errors are those of the cancellation.
  absl::StatusOr<Rows> MakeRows(const Cancellation* cancellation) &&;

 private:
  // Units that can stand for each other: a token of text can be read from the cache or not.
  enum class UnitGroup : uint8_t {
    kTextIn,
    kAudioIn,
    kImageIn,
    kTextOut,
    kAudioOut,
    kImageOut,
    kSearches,
    kCalls,
  };
  static constexpr size_t kUnitGroupCount = 8;

  // What one side has of the calls of one step in one workflow, of all models.
  struct CellTotals {
    int64_t runs = 0;
    int64_t calls = 0;
    ComparedSide::Units units{};
    std::array<Picos, kUnitGroupCount> groups{};

    void Add(const CallSums& sums);
  };

  // What is compared with each other: the calls of one step in one workflow.
  struct Cell {
    CellTotals before;
    CellTotals after;
    std::vector<SeriesKey> series;  // Those of either side.
  };
  using CellKey = std::pair<NameId, NameId>;  // Workflow and step.

  // Which names have calls on a side.
  struct NamesOfSide {
    std::set<NameId> workflows;
    std::set<NameId> steps;
  };

  static UnitGroup GroupOf(size_t price_class);
  static ChangeCause CauseOf(UnitGroup group);
  static std::vector<ChangedFactor> FactorsOf(const Cell& cell, size_t price_class);
  void AddSide(const ComparedSide& side, CellTotals Cell::*totals, NamesOfSide* names);
  void AddWhole(const CellKey& key, const Cell& cell);
  void AddCell(const Cell& cell);
  void AddSeries(const Cell& cell, const SeriesKey& key);

  const ComparedSide& before_;
  const ComparedSide& after_;
  const NameKind by_;
  std::map<CellKey, Cell> cells_;
  NamesOfSide names_before_;
  NamesOfSide names_after_;
  Rows rows_;
};

}  // namespace itemized
