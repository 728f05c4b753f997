// SPDX-License-Identifier: Apache-2.0
#include "storage/log/block.h"

#include <algorithm>
#include <optional>

namespace itemized {
namespace {

template <typename List, typename Item>
uint32_t IndexOf(List* list, const Item& item) {
  const auto found = std::find(list->begin(), list->end(), item);
  const auto index = static_cast<uint32_t>(std::distance(list->begin(), found));
  if (found == list->end()) {
    list->push_back(item);
  }
  return index;
}

// Brings `column` to one element less than `rows`, in zeros, before an append.
template <typename T>
void AppendSparse(std::vector<T>* column, size_t rows, T value) {
  if (column->empty() && value == T{}) {
    return;
  }
  column->resize(rows);
  column->back() = value;
}

void AppendAttributes(const CallRows& from, size_t row, CallRows* to) {
  if (to->attribute_sets.empty()) {
    to->attribute_sets.emplace_back();
  }
  uint32_t index = 0;
  if (!from.attribute_set.empty()) {
    std::vector<std::pair<uint32_t, uint32_t>> set;
    for (const auto& [key, value] : from.attribute_sets[from.attribute_set[row]]) {
      set.emplace_back(IndexOf(&to->strings, from.strings[key]),
                       IndexOf(&to->strings, from.strings[value]));
    }
    index = IndexOf(&to->attribute_sets, set);
  }
  AppendSparse(&to->attribute_set, to->size(), index);
}

}  // namespace

Usage CallRows::UsageAt(size_t row) const {
  Usage result;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    result.counts[c] = UsageAt(c, row);
  }
  return result;
}

void AppendRow(const CallRows& from, size_t row, int8_t weight, CallCost cost, CallRows* to) {
  to->weight.push_back(weight);
  to->time_us.push_back(from.time_us[row]);
  const size_t rows = to->size();
  to->series.push_back(from.series[row]);
  to->run.push_back(IndexOf(&to->run_names, from.RunName(row)));
  to->event_ids.push_back(from.EventId(row));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    AppendSparse(&to->usage[c], rows, from.UsageAt(c, row));
  }
  to->duration_us.push_back(from.duration_us[row]);
  to->status.push_back(from.status[row]);
  to->cost_picos.push_back(cost.picos);
  const int kept = from.flags[row] & ~kFlagUnpriced;
  to->flags.push_back(static_cast<uint8_t>(kept | (cost.unpriced ? kFlagUnpriced : 0)));
  AppendSparse(&to->p50_picos, rows, from.p50_picos.empty() ? 0 : from.p50_picos[row]);
  AppendSparse(&to->sample_count, rows, from.sample_count.empty() ? 0 : from.sample_count[row]);
  AppendAttributes(from, row, to);
}

BilledCall ToBilledCall(const CallRows& calls, size_t row, const Catalog& catalog) {
  const SeriesKey& key = catalog.Series(calls.series[row]);
  BilledCall billed;
  Call& call = billed.call;
  call.event_id = std::string(calls.EventId(row));
  call.time_us = calls.time_us[row];
  call.workflow = catalog.Name(NameKind::kWorkflow, key[NameKind::kWorkflow]);
  call.workflow_id = std::string(calls.RunName(row));
  call.step = catalog.Name(NameKind::kStep, key[NameKind::kStep]);
  call.provider = catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
  call.model = catalog.Name(NameKind::kModel, key[NameKind::kModel]);
  if (!calls.Has(row, kFlagUsageMissing)) {
    call.usage = calls.UsageAt(row);
  }
  call.duration_us = calls.duration_us[row];
  call.status = calls.status[row];
  if (!calls.attribute_set.empty()) {
    for (const auto& [name, value] : calls.attribute_sets[calls.attribute_set[row]]) {
      call.attributes.emplace_back(calls.strings[name], calls.strings[value]);
    }
  }
  billed.cost = calls.CostAt(row);
  if (calls.Has(row, kFlagOutlier)) {
    billed.receipt =
        OutlierReceipt{.p50_picos = calls.p50_picos.empty() ? 0 : calls.p50_picos[row],
                       .sample_count = calls.sample_count.empty() ? 0 : calls.sample_count[row],
                       .learning = calls.Has(row, kFlagLearning),
                       .judged_when_priced = calls.Has(row, kFlagJudgedWhenPriced)};
  }
  return billed;
}

UsedClasses::UsedClasses(const CallRows& calls) {
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!calls.usage[c].empty()) {
      classes_[count_++] = c;
    }
  }
}

}  // namespace itemized
