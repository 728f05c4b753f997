// SPDX-License-Identifier: Apache-2.0
#include "client/demo/column_batch.h"

#include <algorithm>
#include <utility>

#include "proto/usage_fields.h"

namespace itemized::demo {
namespace {

v1::CallStatus ToProto(CallStatus status) {
  switch (status) {
    case CallStatus::kOk:
      return v1::CALL_STATUS_OK;
    case CallStatus::kError:
      return v1::CALL_STATUS_ERROR;
    case CallStatus::kCancelled:
      return v1::CALL_STATUS_CANCELLED;
  }
  return v1::CALL_STATUS_UNSPECIFIED;
}

v1::Outcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOpen:
      return v1::OUTCOME_UNSPECIFIED;
    case Outcome::kCompleted:
      return v1::OUTCOME_COMPLETED;
    case Outcome::kFailed:
      return v1::OUTCOME_FAILED;
    case Outcome::kShortCircuited:
      return v1::OUTCOME_SHORT_CIRCUITED;
    case Outcome::kAbandoned:
      return v1::OUTCOME_ABANDONED;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

// No column says the same as one of zeros.
void ClearColumnsOfZeros(v1::CallColumns& columns) {
  for (auto* column : UsageColumnsOf(&columns)) {
    if (std::all_of(column->begin(), column->end(), [](int64_t count) { return count == 0; })) {
      column->Clear();
    }
  }
}

}  // namespace

void ColumnBatch::Add(const Delivery& delivery) {
  if (delivery.is_completion) {
    AddCompletion(delivery.completion);
  } else {
    AddCall(delivery.call);
  }
}

v1::Batch ColumnBatch::Take() {
  if (batch_.has_columns()) {
    ClearColumnsOfZeros(*batch_.mutable_columns());
  }
  index_.clear();
  calls_ = 0;
  return std::exchange(batch_, v1::Batch());
}

uint32_t ColumnBatch::IndexOf(const std::string& name) {
  const auto [place, added] = index_.try_emplace(name, static_cast<uint32_t>(index_.size()));
  if (added) {
    batch_.mutable_columns()->add_strings(name);
  }
  return place->second;
}

void ColumnBatch::AddCall(const Call& call) {
  v1::CallColumns& columns = *batch_.mutable_columns();
  if (calls_++ == 0) {
    columns.set_base_time_unix_us(call.time_us);
  }
  columns.add_time_offset_us(call.time_us - columns.base_time_unix_us());
  columns.mutable_event_id_data()->append(call.event_id);
  columns.add_event_id_sizes(static_cast<uint32_t>(call.event_id.size()));
  columns.add_workflow(IndexOf(call.workflow));
  columns.add_workflow_id(IndexOf(call.workflow_id));
  columns.add_step(IndexOf(call.step));
  columns.add_provider(IndexOf(call.provider));
  columns.add_model(IndexOf(call.model));
  AddUsage(call);
  columns.add_duration_us(call.duration_us);
  columns.add_status(ToProto(call.status));
  columns.add_attribute_counts(static_cast<uint32_t>(call.attributes.size()));
  for (const auto& [key, value] : call.attributes) {
    columns.add_attribute_keys(IndexOf(key));
    columns.add_attribute_values(IndexOf(value));
  }
}

void ColumnBatch::AddUsage(const Call& call) {
  v1::CallColumns& columns = *batch_.mutable_columns();
  const Usage usage = call.usage.value_or(Usage());
  const auto usage_columns = UsageColumnsOf(&columns);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    usage_columns[c]->Add(usage.counts[c]);
  }
  columns.add_usage_missing(!call.usage.has_value());
}

void ColumnBatch::AddCompletion(const Completion& completion) {
  v1::Completion& added = *batch_.add_events()->mutable_completion();
  added.set_time_unix_us(completion.time_us);
  added.set_workflow(completion.workflow);
  added.set_workflow_id(completion.workflow_id);
  added.set_outcome(ToProto(completion.outcome));
  for (const std::string& step : completion.unused_steps) {
    added.add_unused_steps(step);
  }
}

}  // namespace itemized::demo
