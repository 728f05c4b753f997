// SPDX-License-Identifier: Apache-2.0
#include "storage/query/comparison.h"

#include "storage/base/status_macros.h"
#include "storage/base/usage_classes.h"

namespace itemized {
namespace {

// What one side has of one series; all 0 if it has none of it.
ComparedSide::Series Get(const ComparedSide& side, const SeriesKey& key) {
  const auto found = side.series().find(key);
  return found == side.series().end() ? ComparedSide::Series() : found->second;
}

void AddCalls(const CallSums& sums, ComparedCalls* calls) {
  calls->cost += sums.cost;
  calls->calls += sums.calls;
  calls->unpriced_calls += sums.unpriced_calls;
}

}  // namespace

Comparison::UnitGroup Comparison::GroupOf(size_t price_class) {
  if (price_class == kRequestPrice) {
    return UnitGroup::kCalls;
  }
  switch (static_cast<UsageClass>(price_class)) {
    case UsageClass::kInput:
    case UsageClass::kCacheRead:
    case UsageClass::kCacheWrite5m:
    case UsageClass::kCacheWrite1h:
      return UnitGroup::kTextIn;
    case UsageClass::kInputAudio:
    case UsageClass::kCacheReadAudio:
      return UnitGroup::kAudioIn;
    case UsageClass::kInputImage:
      return UnitGroup::kImageIn;
    case UsageClass::kOutput:
    case UsageClass::kReasoning:
      return UnitGroup::kTextOut;
    case UsageClass::kOutputAudio:
      return UnitGroup::kAudioOut;
    case UsageClass::kOutputImage:
      return UnitGroup::kImageOut;
    case UsageClass::kWebSearches:
      break;
  }
  return UnitGroup::kSearches;
}

ChangeCause Comparison::CauseOf(UnitGroup group) {
  switch (group) {
    case UnitGroup::kTextIn:
    case UnitGroup::kAudioIn:
    case UnitGroup::kImageIn:
      return ChangeCause::kInputTokens;
    case UnitGroup::kTextOut:
    case UnitGroup::kAudioOut:
    case UnitGroup::kImageOut:
      return ChangeCause::kOutputTokens;
    case UnitGroup::kSearches:
      return ChangeCause::kSearches;
    case UnitGroup::kCalls:
      break;
  }
  return ChangeCause::kCallsPerRun;
}

void Comparison::CellTotals::Add(const CallSums& sums) {
  calls += sums.calls;
  const ComparedSide::Units more = ComparedSide::UnitsOf(sums);
  for (size_t c = 0; c < kPriceCount; ++c) {
    units[c] += more[c];
    groups[static_cast<size_t>(GroupOf(c))] += more[c];
  }
}

Comparison::Comparison(const ComparedSide& before, const ComparedSide& after, NameKind by)
    : before_(before), after_(after), by_(by) {
  AddSide(before, &Cell::before, &names_before_);
  AddSide(after, &Cell::after, &names_after_);
}

absl::StatusOr<Comparison::Rows> Comparison::MakeRows(const Cancellation* cancellation) && {
  for (auto& [key, cell] : cells_) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    cell.before.runs = before_.RunsOf(key.first);
    cell.after.runs = after_.RunsOf(key.first);
    if (cell.before.calls == 0 || cell.after.calls == 0) {
      AddWhole(key, cell);
    } else {
      AddCell(cell);
    }
  }
  return std::move(rows_);
}

void Comparison::AddSide(const ComparedSide& side, CellTotals Cell::*totals, NamesOfSide* names) {
  for (const auto& [key, series] : side.series()) {
    const CellKey cell_key(key[NameKind::kWorkflow], key[NameKind::kStep]);
    Cell& cell = cells_[cell_key];
    (cell.*totals).Add(series.sums);
    if (&side == &before_ || !before_.series().contains(key)) {
      cell.series.push_back(key);
    }
    if (series.sums.calls != 0) {
      names->workflows.insert(cell_key.first);
      names->steps.insert(cell_key.second);
    }
    Row& row = rows_[key[by_]];
    AddCalls(series.sums, &side == &before_ ? &row.before : &row.after);
  }
}

// Adds a step that one side only has in this workflow. If the other side has it elsewhere, and
// nothing of the workflow, then it is the workflow that came or went.
void Comparison::AddWhole(const CellKey& key, const Cell& cell) {
  const bool is_new = cell.before.calls == 0;
  const NamesOfSide& other = is_new ? names_before_ : names_after_;
  const bool is_of_workflow =
      !other.workflows.contains(key.first) && other.steps.contains(key.second);
  const ChangeCause of_step = is_new ? ChangeCause::kNewStep : ChangeCause::kRemovedStep;
  for (const SeriesKey& series : cell.series) {
    rows_[series[by_]].causes.AddWhole(
        is_of_workflow ? ChangeCause::kVolume : of_step,
        Get(after_, series).sums.cost - Get(before_, series).sums.cost);
  }
}

void Comparison::AddCell(const Cell& cell) {
  for (const SeriesKey& key : cell.series) {
    AddSeries(cell, key);
  }
}

void Comparison::AddSeries(const Cell& cell, const SeriesKey& key) {
  const ComparedSide::Series before = Get(before_, key);
  const ComparedSide::Series after = Get(after_, key);
  const ComparedSide::Units units_before = ComparedSide::UnitsOf(before.sums);
  const ComparedSide::Units units_after = ComparedSide::UnitsOf(after.sums);
  for (size_t c = 0; c < kPriceCount; ++c) {
    if (before.cost[c] == 0 && after.cost[c] == 0) {
      continue;
    }
    std::vector<ChangedFactor> factors = FactorsOf(cell, c);
    factors.push_back({.cause = ChangeCause::kModelMix,
                       .before = {units_before[c], cell.before.units[c]},
                       .after = {units_after[c], cell.after.units[c]}});
    factors.push_back({.cause = ChangeCause::kPrice,
                       .before = {before.cost[c], units_before[c]},
                       .after = {after.cost[c], units_after[c]}});
    rows_[key[by_]].causes.AddProduct(factors);
  }
}

// Returns the factors that all models share.
std::vector<ChangedFactor> Comparison::FactorsOf(const Cell& cell, size_t price_class) {
  const CellTotals& before = cell.before;
  const CellTotals& after = cell.after;
  std::vector<ChangedFactor> factors;
  if (before.runs > 0 && after.runs > 0) {
    factors.push_back({.cause = ChangeCause::kVolume,
                       .before = {.numerator = before.runs},
                       .after = {.numerator = after.runs}});
    factors.push_back({.cause = ChangeCause::kCallsPerRun,
                       .before = {before.calls, before.runs},
                       .after = {after.calls, after.runs}});
  } else {  // The calls have no runs, or none that count on this side.
    factors.push_back({.cause = ChangeCause::kVolume,
                       .before = {.numerator = before.calls},
                       .after = {.numerator = after.calls}});
  }
  const UnitGroup group = GroupOf(price_class);
  if (group != UnitGroup::kCalls) {
    const auto g = static_cast<size_t>(group);
    factors.push_back({.cause = CauseOf(group),
                       .before = {before.groups[g], before.calls},
                       .after = {after.groups[g], after.calls}});
    factors.push_back({.cause = ChangeCause::kCache,
                       .before = {before.units[price_class], before.groups[g]},
                       .after = {after.units[price_class], after.groups[g]}});
  }
  return factors;
}

}  // namespace itemized
