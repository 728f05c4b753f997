// SPDX-License-Identifier: Apache-2.0
#include "storage/query/row_filter.h"

#include <algorithm>

#include "storage/pricing/provider_names.h"

namespace itemized {
namespace {

constexpr ColumnMask kAttributeColumns =
    Columns(ColumnId::kStrings, ColumnId::kAttributeSets, ColumnId::kAttributeSet);

using AttributeSet = std::vector<std::pair<uint32_t, uint32_t>>;

absl::string_view ValueIn(const CallRows& calls, const AttributeSet& set, absl::string_view key) {
  for (const auto& [name, value] : set) {
    if (calls.strings[name] == key) {
      return calls.strings[value];
    }
  }
  return "";
}

std::vector<NameId> NamesOfProvider(const std::string& provider, const Catalog& catalog) {
  std::vector<NameId> names;
  for (NameId name; name.value() < catalog.name_count(NameKind::kProvider); ++name) {
    if (IsSameProvider(provider, catalog.Name(NameKind::kProvider, name))) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

bool CallFilter::has_step_only() const {
  CallFilter rest = *this;
  rest[NameKind::kStep].reset();
  return rest.empty();
}

RollupScan StepsOf(const CallFilter& filter, const Catalog& catalog) {
  RollupScan scan;
  if (const auto& step = filter[NameKind::kStep]; step.has_value()) {
    scan.only = catalog.Find(NameKind::kStep, *step);
  }
  return scan;
}

std::optional<NameKind> KindOf(GroupBy by) {
  switch (by) {
    case GroupBy::kStep:
      return NameKind::kStep;
    case GroupBy::kModel:
      return NameKind::kModel;
    case GroupBy::kWorkflow:
      return NameKind::kWorkflow;
    case GroupBy::kProvider:
      return NameKind::kProvider;
    case GroupBy::kAttribute:
      break;
  }
  return std::nullopt;
}

absl::string_view AttributeOf(const CallRows& calls, size_t row, absl::string_view key) {
  return calls.attribute_set.empty()
             ? ""
             : ValueIn(calls, calls.attribute_sets[calls.attribute_set[row]], key);
}

RowFilter::RowFilter(const CallFilter& filter, const Catalog& catalog)
    : filter_(filter), catalog_(catalog) {
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    if (filter.names[kind].has_value()) {
      names_[kind] = {catalog.Find(static_cast<NameKind>(kind), *filter.names[kind])};
    }
  }
  if (const auto& provider = filter[NameKind::kProvider]; provider.has_value()) {
    names_[static_cast<size_t>(NameKind::kProvider)] = NamesOfProvider(*provider, catalog);
  }
  FindSeries();
}

void RowFilter::RequireSteps(const std::vector<NameId>& steps) {
  std::optional<std::vector<NameId>>& wanted = names_[static_cast<size_t>(NameKind::kStep)];
  std::vector<NameId> both = steps;
  if (wanted.has_value()) {
    both.erase(std::remove_if(both.begin(), both.end(),
                              [&](NameId step) {
                                return std::find(wanted->begin(), wanted->end(), step) ==
                                       wanted->end();
                              }),
               both.end());
  }
  wanted = std::move(both);
  FindSeries();
}

void RowFilter::FindSeries() {
  const bool has_names = std::any_of(names_.begin(), names_.end(),
                                     [](const auto& wanted) { return wanted.has_value(); });
  series_.resize(has_names ? catalog_.series_count() : 0);
  for (SeriesId id; id.value() < series_.size(); ++id) {
    series_[id.value()] = static_cast<char>(Matches(catalog_.Series(id)));
  }
}

ColumnMask RowFilter::columns() const {
  return (has_attributes() ? kAttributeColumns : ColumnMask{0}) |
         (series_.empty() ? ColumnMask{0} : Columns(ColumnId::kSeries));
}

bool RowFilter::Matches(const SeriesKey& key) const {
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    const auto& wanted = names_[kind];
    if (wanted.has_value() &&
        std::find(wanted->begin(), wanted->end(), key.names[kind]) == wanted->end()) {
      return false;
    }
  }
  return true;
}

bool RowFilter::MatchesSet(const CallRows& calls, size_t set) const {
  static const auto* const kNone = new AttributeSet;
  const AttributeSet& found = calls.attribute_set.empty() ? *kNone : calls.attribute_sets[set];
  if (!required_key_.empty() && ValueIn(calls, found, required_key_).empty()) {
    return false;
  }
  return std::all_of(filter_.attributes.begin(), filter_.attributes.end(), [&](const auto& wanted) {
    return ValueIn(calls, found, wanted.first) == wanted.second;
  });
}

void RowFilter::Begin(const Block& block) {
  block_ = &block;
  sequence_ = block.ref.sequence;
  sets_.assign(std::max<size_t>(1, block.calls.attribute_sets.size()), 0);
  for (size_t set = 0; set < sets_.size(); ++set) {
    sets_[set] = static_cast<char>(MatchesSet(block.calls, set));
  }
}

bool RowFilter::Matches(const Block& block, size_t row) {
  if (!series_.empty() && series_[block.calls.series[row]] == 0) {
    return false;
  }
  if (!has_attributes()) {
    return true;
  }
  if (block_ != &block || sequence_ != block.ref.sequence) {
    Begin(block);
  }
  return sets_[block.calls.attribute_set.empty() ? 0 : block.calls.attribute_set[row]] != 0;
}

void RowFilter::Choose(const Block& block, std::vector<uint32_t>* rows) {
  const CallRows& calls = block.calls;
  if (has_attributes()) {
    Begin(block);
    const bool has_one = std::any_of(sets_.begin(), sets_.end(), [](char set) { return set != 0; });
    if (!has_one) {
      return;
    }
  }
  rows->resize(calls.size());
  size_t count = 0;
  for (uint32_t row = 0; row < calls.size(); ++row) {
    const bool series = series_.empty() || series_[calls.series[row]] != 0;
    const bool set =
        !has_attributes() || sets_[calls.attribute_set.empty() ? 0 : calls.attribute_set[row]] != 0;
    (*rows)[count] = row;
    count += static_cast<size_t>(series && set);
  }
  rows->resize(count);
}

ColumnMask RowKeys::columns() const {
  return kind_.has_value() ? ColumnMask{0} : kAttributeColumns;
}

absl::string_view RowKeys::KeyOf(const LogRow& row) const {
  return kind_.has_value() ? KeyOf(catalog_.Series(row.series()))
                           : AttributeOf(row.calls(), row.row, attribute_key_);
}

uint32_t RowKeys::NumberOf(const LogRow& row) const {
  if (kind_.has_value()) {
    return catalog_.Series(row.series())[*kind_].value();
  }
  return row.calls().attribute_set.empty() ? 0 : row.calls().attribute_set[row.row];
}

}  // namespace itemized
