// SPDX-License-Identifier: Apache-2.0
#include "server/convert/call_columns.h"

#include <algorithm>

#include "itemized/v1/event.pb.h"

#include "server/convert/event_decoder.h"
#include "server/convert/wire_reader.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

using Wire = itemized::v1::CallColumns;

// One row more than is allowed is kept, so that too many still are too many.
constexpr size_t kRowsKept = kBatchEventsMax + 1;
constexpr size_t kAttributesKept = kBatchEventsMax * kAttributesMax + 1;
// No batch within the limits needs more distinct names: five names and the
// attributes of every row.
constexpr size_t kNamesKept = kBatchEventsMax * 5 + kAttributesKept * 2;

constexpr uint32_t kFirstUsage = Wire::kInputTokensFieldNumber;
static_assert(Wire::kWebSearchesFieldNumber == kFirstUsage + kUsageClassCount - 1,
              "usage columns have consecutive numbers in the order of the classes");

// Appends what the field holds, up to `kept` elements in all.
template <typename Column, typename Convert>
bool Append(const WireReader& reader, Column& column, size_t kept, Convert convert) {
  const size_t first = column.size();
  column.resize(std::max(first, std::min(kept, first + CountNumbers(reader))));
  auto* out = column.data() + first;
  auto* const end = column.data() + column.size();
  return ReadNumbers(reader, [&](uint64_t value) {
    if (out != end) {
      *out++ = convert(value);
    }
  });
}

constexpr auto kToInt64 = [](uint64_t value) { return static_cast<int64_t>(value); };
constexpr auto kToUint32 = [](uint64_t value) { return static_cast<uint32_t>(value); };

}  // namespace

bool DecodedColumns::Merge(absl::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (!MergeField(reader)) {
      return false;
    }
  }
  return reader.ok();
}

bool DecodedColumns::MergeField(const WireReader& reader) {
  const bool is_bytes = reader.is_bytes();
  switch (reader.number()) {
    case Wire::kStringsFieldNumber:
      if (is_bytes && strings_.size() < kNamesKept) {
        strings_.push_back(reader.bytes());
      }
      return true;
    case Wire::kBaseTimeUnixUsFieldNumber:
      base_time_us_ = reader.is_varint() ? kToInt64(reader.varint()) : base_time_us_;
      return true;
    case Wire::kEventIdDataFieldNumber:
      event_id_data_ = is_bytes ? reader.bytes() : event_id_data_;
      return true;
    case Wire::kTimeOffsetUsFieldNumber:
      return MergeTimes(reader);
    default:
      return MergeNumbers(reader);
  }
}

bool DecodedColumns::MergeTimes(const WireReader& reader) {
  rows_ += CountNumbers(reader);
  return Append(reader, time_offset_us_, kRowsKept,
                [](uint64_t value) { return DecodeZigZag(value); });
}

bool DecodedColumns::MergeNumbers(const WireReader& reader) {
  const uint32_t number = reader.number();
  if (number >= kFirstUsage && number < kFirstUsage + kUsageClassCount) {
    return Append(reader, usage_[number - kFirstUsage], kRowsKept, kToInt64);
  }
  if (std::vector<uint32_t>* column = IndexColumn(number)) {
    const bool of_rows = column != &attribute_keys_ && column != &attribute_values_;
    return Append(reader, *column, of_rows ? kRowsKept : kAttributesKept, kToUint32);
  }
  switch (number) {
    case Wire::kDurationUsFieldNumber:
      return Append(reader, duration_us_, kRowsKept, kToInt64);
    case Wire::kStatusFieldNumber:
      return Append(reader, status_, kRowsKept,
                    [](uint64_t value) { return StorageStatus(static_cast<int32_t>(value)); });
    case Wire::kUsageMissingFieldNumber:
      return Append(reader, usage_missing_, kRowsKept, [](uint64_t value) { return value != 0; });
    default:
      return true;
  }
}

std::vector<uint32_t>* DecodedColumns::IndexColumn(uint32_t number) {
  switch (number) {
    case Wire::kEventIdSizesFieldNumber:
      return &event_id_sizes_;
    case Wire::kWorkflowFieldNumber:
      return &workflow_;
    case Wire::kWorkflowIdFieldNumber:
      return &workflow_id_;
    case Wire::kStepFieldNumber:
      return &step_;
    case Wire::kProviderFieldNumber:
      return &provider_;
    case Wire::kModelFieldNumber:
      return &model_;
    case Wire::kRevisionFieldNumber:
      return &revision_;
    case Wire::kAttributeCountsFieldNumber:
      return &attribute_counts_;
    case Wire::kAttributeKeysFieldNumber:
      return &attribute_keys_;
    case Wire::kAttributeValuesFieldNumber:
      return &attribute_values_;
    default:
      return nullptr;
  }
}

void DecodedColumns::FillNames() {
  const auto empty_name = static_cast<uint32_t>(strings_.size());
  bool used = false;
  for (auto* column : {&workflow_, &workflow_id_, &step_, &provider_, &model_}) {
    if (column->empty()) {
      column->assign(time_offset_us_.size(), empty_name);
      used = true;
    }
  }
  if (used) {
    strings_.emplace_back("");
  }
}

CallColumns DecodedColumns::Columns() const {
  CallColumns columns;
  columns.strings = strings_;
  columns.base_time_us = base_time_us_;
  columns.time_offset_us = time_offset_us_;
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
  columns.duration_us = duration_us_;
  columns.status = status_;
  columns.revision = revision_;
  columns.attribute_counts = attribute_counts_;
  columns.attribute_keys = attribute_keys_;
  columns.attribute_values = attribute_values_;
  return columns;
}

}  // namespace itemized::server
