// SPDX-License-Identifier: Apache-2.0
#include "storage/query/attribute_traits.h"

namespace itemized {

ColumnMask AttributeTraits::columns() {
  return Columns(ColumnId::kSeries, ColumnId::kFlags, ColumnId::kStrings, ColumnId::kAttributeSets,
                 ColumnId::kAttributeSet);
}

void AttributeTraits::Add(const CallRows& calls, const std::vector<NameId>& steps) {
  if (calls.attribute_set.empty() || all_ > kAllMax) {
    return;
  }
  // Texts are looked up once for all rows of a step that have the same attributes.
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, TraitCounts> sets;
  for (size_t row = 0; row < calls.size(); ++row) {
    const NameId step = steps[calls.series[row]];
    TraitCounts& counts = sets[{step.value(), calls.attribute_set[row]}];
    counts.calls += calls.weight[row];
    counts.outliers += IsOutlier(calls.flags[row]) ? calls.weight[row] : 0;
  }
  for (const auto& [place, counts] : sets) {
    AddSet(calls, NameId(place.first), place.second, counts);
  }
}

void AttributeTraits::AddSet(const CallRows& calls, NameId step, uint32_t set,
                             const TraitCounts& counts) {
  Keys& keys = keys_of_steps_[step.value()];
  for (const auto& [key, value] : calls.attribute_sets[set]) {
    AddValue(calls.strings[value], counts, &keys[calls.strings[key]]);
  }
}

void AttributeTraits::AddValue(absl::string_view value, const TraitCounts& counts, Values* values) {
  if (values->too_many || all_ > kAllMax) {
    return;
  }
  const auto [found, is_new] = values->counts.try_emplace(value);
  found->second.Merge(counts);
  all_ += static_cast<size_t>(is_new);
  if (values->counts.size() > kValuesMax) {
    all_ -= values->counts.size();
    values->counts.clear();
    values->too_many = true;
  }
}

void AttributeTraits::Merge(const AttributeTraits& other) {
  if (other.all_ > kAllMax) {
    all_ = other.all_;
  }
  for (const auto& [step, keys] : other.keys_of_steps_) {
    for (const auto& [key, theirs] : keys) {
      Values& ours = keys_of_steps_[step][key];
      if (theirs.too_many && !ours.too_many) {
        all_ -= ours.counts.size();
        ours = {.counts = {}, .too_many = true};
      }
      for (const auto& [value, counts] : theirs.counts) {
        AddValue(value, counts, &ours);
      }
    }
  }
}

void AttributeTraits::Visit(NameId step, Visitor visit) const {
  const auto keys = keys_of_steps_.find(step.value());
  if (keys == keys_of_steps_.end() || all_ > kAllMax) {
    return;
  }
  for (const auto& [key, values] : keys->second) {
    for (const auto& [value, counts] : values.counts) {
      visit(key, value, counts);
    }
  }
}

}  // namespace itemized
