// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block.h"

namespace itemized {
Usage CallRows::UsageAt(size_t row) const {
  Usage result;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    result.counts[c] = UsageAt(c, row);
  }
  return result;
}

bool IsRepriced(const CallRows& calls, size_t row) {
  const size_t next = row + 1;
  return next < calls.size() && calls.weight[row] < 0 && calls.weight[next] > 0 &&
         calls.run[row] == calls.run[next] && calls.time_us[row] == calls.time_us[next] &&
         calls.series[row] == calls.series[next] && calls.EventId(row) == calls.EventId(next);
}

ServedAs CallRows::ServedAt(size_t row, const Contracts& contracts) const {
  ServedAs served;
  if (!attribute_set.empty()) {
    for (const auto& [key, value] : attribute_sets[attribute_set[row]]) {
      served.Note(strings[key], strings[value], contracts);
    }
  }
  return served;
}

BilledCall ToBilledCall(const CallRows& calls, size_t row, const Catalog& catalog) {
  const SeriesKey& key = catalog.Series(calls.SeriesAt(row));
  BilledCall billed;
  Call& call = billed.call;
  call.event_id = std::string(calls.EventId(row));
  call.time_us = calls.time_us[row];
  call.workflow = catalog.Name(NameKind::kWorkflow, key[NameKind::kWorkflow]);
  call.workflow_id = std::string(calls.RunName(row));
  call.step = catalog.Name(NameKind::kStep, key[NameKind::kStep]);
  call.provider = catalog.Name(NameKind::kProvider, key[NameKind::kProvider]);
  const absl::string_view other_model = calls.OtherModelAt(row);
  call.model = other_model.empty() ? catalog.Name(NameKind::kModel, key[NameKind::kModel])
                                   : std::string(other_model);
  if (!calls.Has(row, kFlagUsageMissing)) {
    call.usage = calls.UsageAt(row);
  }
  call.usage_unknown = calls.Has(row, kFlagUsageUnknown);
  call.reported_cost_picos = calls.ReportedCostAt(row);
  call.reported_usage = std::string(calls.ReportedUsageAt(row));
  call.duration_us = calls.duration_us[row];
  call.status = calls.status[row];
  call.revision = calls.RevisionAt(row);
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
