// SPDX-License-Identifier: Apache-2.0
#include "storage/block/row_appender.h"

namespace itemized {
namespace {

// Sets element `row` of `rows` to `value`, with zeros where the column was short. A column stays
// empty as long as all its values are zero.
template <typename T>
void SetSparse(std::vector<T>* column, size_t rows, size_t row, T value) {
  if (column->empty() && value == T{}) {
    return;
  }
  column->resize(rows);
  (*column)[row] = value;
}

template <typename T>
void AppendSparse(std::vector<T>* column, size_t rows, T value) {
  SetSparse(column, rows, rows - 1, value);
}

// The flags that a usage, a cost and a verdict say.
constexpr int kGivenFlags =
    kFlagUsageMissing | kFlagUsageUnknown | kFlagUnpriced | kFlagCostReported | kVerdictFlags;

int FlagsOf(const RowUsage& usage) {
  return (usage.missing ? kFlagUsageMissing : 0) | (usage.unknown ? kFlagUsageUnknown : 0);
}

int FlagsOf(CallCost cost) {
  return (cost.unpriced ? kFlagUnpriced : 0) | (cost.reported ? kFlagCostReported : 0);
}

}  // namespace

RowVerdict VerdictOf(const CallRows& calls, size_t row) {
  return {.flags = static_cast<uint8_t>(calls.flags[row] & kVerdictFlags),
          .p50_picos = calls.p50_picos.empty() ? 0 : calls.p50_picos[row],
          .sample_count = calls.sample_count.empty() ? 0 : calls.sample_count[row]};
}

uint32_t RowAppender::IndexOf(absl::string_view text, Texts* index, StringColumn* list) {
  const auto found = index->find(text);
  if (found != index->end()) {
    return found->second;
  }
  const auto position = static_cast<uint32_t>(list->size());
  list->push_back(text);
  index->emplace(text, position);
  return position;
}

// Most rows are of the run of the row before them: one that is priced again comes twice.
uint32_t RowAppender::RunOf(const CallRows& from, size_t row) {
  const absl::string_view name = from.RunName(row);
  if (!to_.run.empty() && to_.run_names[to_.run.back()] == name) {
    return to_.run.back();
  }
  return IndexOf(name, &run_names_, &to_.run_names);
}

// Returns the number here of a set of `from` that is not empty.
uint32_t RowAppender::AttributeSetOf(const CallRows& from, uint32_t set) {
  if (to_.attribute_sets.empty()) {
    to_.attribute_sets.emplace_back();  // Set 0 has no attributes.
    attribute_sets_.emplace(AttributeSet(), 0);
  }
  AttributeSet here;
  for (const auto& [key, value] : from.attribute_sets[set]) {
    const uint32_t key_index = IndexOf(from.strings[key], &strings_, &to_.strings);
    here.emplace_back(key_index, IndexOf(from.strings[value], &strings_, &to_.strings));
  }
  const auto [it, inserted] =
      attribute_sets_.emplace(here, static_cast<uint32_t>(to_.attribute_sets.size()));
  if (inserted) {
    to_.attribute_sets.push_back(std::move(here));
  }
  return it->second;
}

void RowAppender::AppendAttributes(const CallRows& from, size_t row) {
  const uint32_t set = from.attribute_set.empty() ? 0 : from.attribute_set[row];
  const bool is_none = from.attribute_sets.empty() || from.attribute_sets[set].empty();
  AppendSparse(&to_.attribute_set, to_.size(), is_none ? 0 : AttributeSetOf(from, set));
}

void RowAppender::SetVerdict(size_t row, const RowVerdict& verdict) {
  to_.flags[row] = static_cast<uint8_t>(to_.flags[row] | verdict.flags);
  SetSparse(&to_.p50_picos, to_.size(), row, verdict.p50_picos);
  SetSparse(&to_.sample_count, to_.size(), row, verdict.sample_count);
}

void RowAppender::Append(const CallRows& from, size_t row, int8_t weight, const RowUsage& usage,
                         CallCost cost, const RowVerdict& verdict) {
  to_.weight.push_back(weight);
  to_.time_us.push_back(from.time_us[row]);
  const size_t rows = to_.size();
  to_.series.push_back(from.series[row]);
  to_.run.push_back(RunOf(from, row));
  to_.event_ids.push_back(from.EventId(row));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    AppendSparse(&to_.usage[c], rows, usage.usage.counts[c]);
  }
  to_.duration_us.push_back(from.duration_us[row]);
  to_.status.push_back(from.status[row]);
  to_.cost_picos.push_back(cost.picos);
  to_.flags.push_back(static_cast<uint8_t>((from.flags[row] & ~kGivenFlags) | FlagsOf(usage) |
                                           FlagsOf(cost) | verdict.flags));
  AppendSparse(&to_.p50_picos, rows, verdict.p50_picos);
  AppendSparse(&to_.sample_count, rows, verdict.sample_count);
  AppendSparse(&to_.revision, rows, from.RevisionAt(row));
  AppendSparse(&to_.reported_cost, rows, from.reported_cost.empty() ? 0 : from.reported_cost[row]);
  if (const absl::string_view report = from.ReportedUsageAt(row);
      !report.empty() || !to_.reported_usage.empty()) {
    to_.reported_usage.PutLast(rows, report);
  }
  const absl::string_view model = from.OtherModelAt(row);
  AppendSparse(&to_.other_model, rows,
               model.empty() ? 0 : IndexOf(model, &strings_, &to_.strings) + 1);
  AppendAttributes(from, row);
}

}  // namespace itemized
