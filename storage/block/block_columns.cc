// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_columns.h"

#include <algorithm>

#include "storage/base/bytes.h"
#include "storage/block/event_id_reader.h"
#include "storage/block/reported_usage_columns.h"

namespace itemized {
namespace {

bool ReadStrings(absl::string_view raw, StringColumn* out) {
  absl::string_view text;
  while (!raw.empty()) {
    if (!ReadSized(&raw, &text)) {
      return false;
    }
    out->push_back(text);
  }
  return true;
}

bool ReadNames(absl::string_view* raw, uint64_t count, std::vector<std::string>* out) {
  out->reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    absl::string_view name;
    if (!ReadSized(raw, &name)) {
      return false;
    }
    out->emplace_back(name);
  }
  return true;
}

}  // namespace

bool BlockColumns::Read(ColumnId id, absl::string_view raw) {
  CallRows& calls = block_.calls;
  switch (id) {
    case ColumnId::kRunNames:
      return ReadStrings(raw, &calls.run_names);
    case ColumnId::kStrings:
      return ReadStrings(raw, &calls.strings);
    case ColumnId::kAttributeSets:
      return ReadAttributeSets(raw);
    case ColumnId::kNegativeWeights:
      return ReadNegativeWeights(raw);
    case ColumnId::kRun:
      return ReadUnsigned(raw, &calls.run);
    case ColumnId::kEventIdShape:
      event_id_shape_ = std::string(raw);
      return true;
    case ColumnId::kEventIdBytes:
      event_id_bytes_ = std::string(raw);
      return true;
    case ColumnId::kCompletions:
      return ReadCompletions(raw);
    case ColumnId::kReportedUsageRecipes:
      reported_usage_recipes_ = std::string(raw);
      return true;
    case ColumnId::kReportedUsageRecipe:
      return ReadUnsigned(raw, &reported_usage_recipe_);
    case ColumnId::kReportedUsageNumbers:
      reported_usage_numbers_ = std::string(raw);
      return true;
    default:
      return ReadNumbers(id, raw);
  }
}

template <typename Values>
bool BlockColumns::ReadNumbers(ColumnId id, const Values& values) {
  CallRows& calls = block_.calls;
  switch (id) {
    case ColumnId::kTime:
      return ReadTime(values);
    case ColumnId::kSeries:
      return ReadUnsigned(values, &calls.series);
    case ColumnId::kDuration:
      return ReadUnsigned(values, &calls.duration_us);
    case ColumnId::kStatus:
      return ReadUnsigned(values, &calls.status);
    case ColumnId::kCost:
      return ReadUnsigned(values, &calls.cost_picos);
    case ColumnId::kFlags:
      return ReadUnsigned(values, &calls.flags);
    case ColumnId::kP50:
      return ReadUnsigned(values, &calls.p50_picos);
    case ColumnId::kSampleCount:
      return ReadUnsigned(values, &calls.sample_count);
    case ColumnId::kAttributeSet:
      return ReadUnsigned(values, &calls.attribute_set);
    case ColumnId::kRevision:
      return ReadUnsigned(values, &calls.revision);
    case ColumnId::kOtherModel:
      return ReadUnsigned(values, &calls.other_model);
    case ColumnId::kReportedCost:
      return ReadUnsigned(values, &calls.reported_cost);
    default:
      return ReadUsage(id, values);
  }
}

template bool BlockColumns::ReadNumbers(ColumnId, const PackedValues&);
template bool BlockColumns::ReadNumbers(ColumnId, const PackedRows&);

bool BlockColumns::Finish(ColumnMask mask) {
  CallRows& calls = block_.calls;
  const bool has_times = (mask & Columns(ColumnId::kTime)) != 0;
  if ((has_times && calls.time_us.size() != rows_) || block_.completions.size() > completions_) {
    return false;
  }
  calls.weight.resize(rows_, 1);
  const auto zeros = [&](ColumnId id, auto* column) {
    if ((mask & Columns(id)) != 0) {
      column->resize(rows_);
    }
  };
  zeros(ColumnId::kSeries, &calls.series);
  zeros(ColumnId::kRun, &calls.run);
  zeros(ColumnId::kDuration, &calls.duration_us);
  zeros(ColumnId::kStatus, &calls.status);
  zeros(ColumnId::kCost, &calls.cost_picos);
  zeros(ColumnId::kFlags, &calls.flags);
  if ((mask & Columns(ColumnId::kEventIdShape)) != 0 && !FinishEventIds()) {
    return false;
  }
  if ((mask & Columns(ColumnId::kReportedUsageRecipe)) != 0 && !FinishReportedUsage()) {
    return false;
  }
  return IndicesFit(mask);
}

template <typename T>
bool BlockColumns::ReadUnsigned(absl::string_view raw, std::vector<T>* out) const {
  if (raw.size() < rows_) {
    return false;  // Every value takes a byte at least; bounds the allocation.
  }
  out->resize(rows_);
  return ReadVarints(&raw, rows_, out->data()) && raw.empty();
}

template <typename Packed, typename T>
bool BlockColumns::ReadUnsigned(const Packed& values, std::vector<T>* out) const {
  if (values.size() != rows_) {
    return false;
  }
  out->resize(rows_);
  return values.Read(rows_, out->data());
}

template <typename Values>
bool BlockColumns::ReadUsage(ColumnId id, const Values& values) {
  const size_t usage_class = static_cast<size_t>(id) - static_cast<size_t>(ColumnId::kUsageFirst);
  return usage_class < kUsageClassCount && ReadUnsigned(values, &block_.calls.usage[usage_class]);
}

template <typename Values>
bool BlockColumns::ReadTime(const Values& values) {
  std::vector<int64_t>& times = block_.calls.time_us;
  if (!ReadUnsigned(values, &times)) {
    return false;
  }
  const int64_t start_us = HourStartUs(block_.ref.hour);
  int64_t offset = 0;
  for (int64_t& element : times) {
    if (__builtin_add_overflow(offset, FromZigzag(static_cast<uint64_t>(element)), &offset) ||
        offset < 0 || offset >= kMicrosPerHour) {
      return false;
    }
    element = start_us + offset;
  }
  return true;
}

bool BlockColumns::ReadNegativeWeights(absl::string_view raw) {
  block_.calls.weight.assign(rows_, 1);
  uint64_t row = 0;
  while (!raw.empty()) {
    uint64_t step = 0;
    if (!ReadVarint(&raw, &step) || step >= rows_ || row + step >= rows_) {
      return false;
    }
    row += step;
    block_.calls.weight[row] = -1;
  }
  return true;
}

bool BlockColumns::ReadAttributeSets(absl::string_view raw) {
  while (!raw.empty()) {
    uint64_t size = 0;
    if (!ReadVarint(&raw, &size) || size > raw.size()) {
      return false;
    }
    auto& set = block_.calls.attribute_sets.emplace_back(size);
    for (auto& [key, value] : set) {
      if (!ReadVarint32(&raw, &key) || !ReadVarint32(&raw, &value)) {
        return false;
      }
    }
  }
  return true;
}

bool BlockColumns::ReadCompletions(absl::string_view raw) {
  while (!raw.empty()) {
    CompletionRow& row = block_.completions.emplace_back();
    int64_t offset = 0;
    uint64_t unused = 0;
    if (!ReadZigzag(&raw, &offset) || offset < 0 || offset >= kMicrosPerHour ||
        !ReadVarint32(&raw, &row.run) || !ReadVarintId(&raw, &row.workflow) || raw.empty()) {
      return false;
    }
    row.time_us = HourStartUs(block_.ref.hour) + offset;
    row.outcome = static_cast<Outcome>(raw[0]);
    raw.remove_prefix(1);
    if (static_cast<int>(row.outcome) >= kOutcomeCount || !ReadVarint(&raw, &unused) ||
        unused > raw.size()) {
      return false;
    }
    if (!ReadNames(&raw, unused, &row.unused_steps)) {
      return false;
    }
  }
  return true;
}

bool BlockColumns::FinishEventIds() {
  CallRows& calls = block_.calls;
  EventIdReader ids(event_id_shape_, event_id_bytes_);
  for (size_t row = 0; row < rows_; ++row) {
    if (!ids.Next()) {
      return false;
    }
    calls.event_ids.push_back(ids.id());
  }
  return ids.AtEnd();
}

bool BlockColumns::FinishReportedUsage() {
  return DecodeReportedUsage(reported_usage_recipes_, reported_usage_recipe_,
                             reported_usage_numbers_, &block_.calls);
}

bool BlockColumns::IndicesFit(ColumnMask mask) const {
  const CallRows& calls = block_.calls;
  const auto below = [](const std::vector<uint32_t>& column, size_t limit) {
    return std::all_of(column.begin(), column.end(), [&](uint32_t v) { return v < limit; });
  };
  const auto has_name = [&](const CompletionRow& row) { return row.run < calls.run_names.size(); };
  if ((mask & Columns(ColumnId::kRunNames)) != 0 &&
      (!below(calls.run, calls.run_names.size()) ||
       !std::all_of(block_.completions.begin(), block_.completions.end(), has_name))) {
    return false;
  }
  if ((mask & Columns(ColumnId::kAttributeSets)) != 0 &&
      !below(calls.attribute_set, calls.attribute_sets.size())) {
    return false;
  }
  if ((mask & Columns(ColumnId::kStrings)) != 0) {
    if (!below(calls.other_model, calls.strings.size() + 1)) {
      return false;
    }
    for (const auto& set : calls.attribute_sets) {
      for (const auto& [key, value] : set) {
        if (key >= calls.strings.size() || value >= calls.strings.size()) {
          return false;
        }
      }
    }
  }
  return true;
}

}  // namespace itemized
