// SPDX-License-Identifier: Apache-2.0
#include "server/convert/row_batch_builder.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/model/served_as.h"

namespace itemized::server {
namespace {

// Sets element `row` of a column that has been left out while it was all zero.
template <typename Column, typename Value>
void SetLazily(Column& column, size_t row, Value value) {
  if (column.empty() && value == Value{}) {
    return;
  }
  column.resize(row);
  column.push_back(value);
}

}  // namespace

uint32_t NameTable::IndexOf(absl::string_view name) {
  const size_t hash = XXH3_64bits(name.data(), name.size());
  uint32_t* slot = nullptr;
  for (size_t probe = 0; probe < kProbes; ++probe) {
    slot = &slots_[(hash + probe) & (kSlots - 1)];
    if (*slot == 0) {
      break;
    }
    if (names_[*slot - 1] == name) {
      return *slot - 1;
    }
  }
  names_.push_back(name);
  *slot = static_cast<uint32_t>(names_.size());
  return *slot - 1;
}

void RowBatchBuilder::Add(const WireCall& call) {
  const size_t row = size();
  time_us_.push_back(call.time_us);
  event_id_data_.append(call.event_id.data(), call.event_id.size());
  event_id_sizes_.push_back(static_cast<uint32_t>(call.event_id.size()));
  workflow_.push_back(names_.IndexOf(call.workflow));
  workflow_id_.push_back(names_.IndexOf(call.workflow_id));
  step_.push_back(names_.IndexOf(call.step));
  provider_.push_back(names_.IndexOf(call.provider));
  model_.push_back(names_.IndexOf(call.model));
  duration_us_.push_back(call.duration_us);
  SetLazily(status_, row, StorageStatus(call.status));
  SetLazily(reported_usage_, row, call.kept_report);
  SetLazily(reported_cost_, row, call.reported_cost);
  SetLazily(revision_, row, call.revision);
  AddUsage(call);
  AddAttributes(call);
}

void RowBatchBuilder::AddUsage(const WireCall& call) {
  const size_t row = size() - 1;
  SetLazily(usage_missing_, row, !call.has_usage);
  SetLazily(usage_unknown_, row, call.usage_unknown && !call.has_usage);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    SetLazily(usage_[c], row, call.usage.counts[c]);
  }
}

void RowBatchBuilder::AddAttributes(const WireCall& call) {
  const size_t before = attribute_keys_.size();
  const auto add = [&](absl::string_view key, absl::string_view value) {
    attribute_keys_.push_back(names_.IndexOf(key));
    attribute_values_.push_back(names_.IndexOf(value));
  };
  for (const auto& [key, value] : call.attributes) {
    add(key, value);
  }
  // The fields are kept as attributes. With an attribute of that name, too, the call is refused.
  if (const auto tier = CanonicalServiceTier(call.service_tier); !tier.empty()) {
    add(kServiceTierAttribute, tier);
  }
  if (const auto region = CanonicalRegion(call.region); !region.empty()) {
    add(kRegionAttribute, region);
  }
  SetLazily(attribute_counts_, size() - 1, static_cast<uint32_t>(attribute_keys_.size() - before));
}

CallColumns RowBatchBuilder::Columns() const {
  CallColumns columns;
  columns.strings = names_.names();
  columns.time_offset_us = time_us_;
  columns.event_id_data = event_id_data_;
  columns.event_id_sizes = event_id_sizes_;
  columns.workflow = workflow_;
  columns.workflow_id = workflow_id_;
  columns.step = step_;
  columns.provider = provider_;
  columns.model = model_;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    columns.usage[c] = usage_[c];
  }
  columns.usage_missing = usage_missing_;
  columns.usage_unknown = usage_unknown_;
  columns.reported_usage = reported_usage_;
  columns.reported_cost = reported_cost_;
  columns.duration_us = duration_us_;
  columns.status = status_;
  columns.revision = revision_;
  columns.attribute_counts = attribute_counts_;
  columns.attribute_keys = attribute_keys_;
  columns.attribute_values = attribute_values_;
  return columns;
}

}  // namespace itemized::server
