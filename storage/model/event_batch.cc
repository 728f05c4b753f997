// SPDX-License-Identifier: Apache-2.0
#include "storage/model/event_batch.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "storage/base/check.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// Sets element `row` of a column that stays empty as long as all are zero.
template <typename T>
void Set(std::vector<T>& column, size_t row, T value) {
  if (value != T{} || !column.empty()) {
    column.resize(row);
    column.push_back(value);
  }
}

// Makes a column that was begun as long as there are rows.
template <typename T>
absl::Span<const T> Whole(std::vector<T>& column, size_t rows) {
  if (!column.empty()) {
    column.resize(rows);
  }
  return column;
}

}  // namespace

struct CallColumnsBuilder::Columns {
  size_t rows = 0;
  absl::flat_hash_map<std::string, uint32_t> dictionary{{"", 0}};  // Absent names are "".
  std::vector<int64_t> time_us;
  std::string event_id_data;
  std::vector<uint32_t> event_id_sizes;
  std::vector<uint32_t> workflow, workflow_id, step, provider, model;
  std::array<std::vector<int64_t>, kUsageClassCount> usage;
  std::vector<size_t> rows_without_usage, rows_of_unknown_usage;
  std::unique_ptr<bool[]> usage_missing, usage_unknown;
  std::deque<std::string> reports;  // Their addresses stay when more are added.
  std::vector<absl::string_view> reported_usage;
  std::vector<int64_t> reported_cost;
  std::vector<int64_t> duration_us;
  std::vector<int32_t> status;
  std::vector<uint32_t> revision;
  std::vector<uint32_t> attribute_counts, attribute_keys, attribute_values;

  uint32_t Intern(const std::string& name) {
    return dictionary.try_emplace(name, static_cast<uint32_t>(dictionary.size())).first->second;
  }

  void AddUsage(const Call& call) {
    if (!call.usage.has_value()) {
      rows_without_usage.push_back(rows);
      if (call.usage_unknown) {
        rows_of_unknown_usage.push_back(rows);
      }
      return;
    }
    for (size_t i = 0; i < kUsageClassCount; ++i) {
      Set(usage[i], rows, call.usage->counts[i]);
    }
  }

  void AddAttributes(const Call& call) {
    Set(attribute_counts, rows, static_cast<uint32_t>(call.attributes.size()));
    for (const auto& [key, value] : call.attributes) {
      attribute_keys.push_back(Intern(key));
      attribute_values.push_back(Intern(value));
    }
  }

  void Add(const Call& call) {
    time_us.push_back(call.time_us);
    event_id_data.append(call.event_id);
    Set(event_id_sizes, rows, static_cast<uint32_t>(call.event_id.size()));
    Set(workflow, rows, Intern(call.workflow));
    Set(workflow_id, rows, Intern(call.workflow_id));
    Set(step, rows, Intern(call.step));
    Set(provider, rows, Intern(call.provider));
    Set(model, rows, Intern(call.model));
    AddUsage(call);
    if (!call.reported_usage.empty()) {
      Set(reported_usage, rows, absl::string_view(reports.emplace_back(call.reported_usage)));
    }
    Set(reported_cost, rows, call.reported_cost_picos.value_or(-1) + 1);
    Set(duration_us, rows, call.duration_us);
    Set(status, rows, static_cast<int32_t>(call.status));
    Set(revision, rows, call.revision);
    AddAttributes(call);
    ++rows;
  }

  std::vector<absl::string_view> Strings() const {
    std::vector<absl::string_view> strings(dictionary.size());
    for (const auto& [name, index] : dictionary) {
      strings[index] = name;
    }
    return strings;
  }

  // Returns a column that is true in `marked`, in the memory of `*column`.
  absl::Span<const bool> Marks(const std::vector<size_t>& marked,
                               std::unique_ptr<bool[]>* column) const {
    if (marked.empty()) {
      return {};
    }
    *column = std::make_unique<bool[]>(rows);
    for (const size_t row : marked) {
      (*column)[row] = true;
    }
    return absl::MakeConstSpan(column->get(), rows);
  }

  // Views of all the above, without an owner yet.
  CallColumns Views() {
    CallColumns views;
    views.strings = Strings();
    views.time_offset_us = time_us;
    views.event_id_data = event_id_data;
    views.event_id_sizes = Whole(event_id_sizes, rows);
    views.workflow = Whole(workflow, rows);
    views.workflow_id = Whole(workflow_id, rows);
    views.step = Whole(step, rows);
    views.provider = Whole(provider, rows);
    views.model = Whole(model, rows);
    for (size_t i = 0; i < kUsageClassCount; ++i) {
      views.usage[i] = Whole(usage[i], rows);
    }
    views.usage_missing = Marks(rows_without_usage, &usage_missing);
    views.usage_unknown = Marks(rows_of_unknown_usage, &usage_unknown);
    views.reported_usage = Whole(reported_usage, rows);
    views.reported_cost = Whole(reported_cost, rows);
    views.duration_us = Whole(duration_us, rows);
    views.status = Whole(status, rows);
    views.revision = Whole(revision, rows);
    views.attribute_counts = Whole(attribute_counts, rows);
    views.attribute_keys = attribute_keys;
    views.attribute_values = attribute_values;
    return views;
  }
};

CallColumnsBuilder::CallColumnsBuilder() : columns_(std::make_unique<Columns>()) {}
CallColumnsBuilder::~CallColumnsBuilder() = default;
CallColumnsBuilder::CallColumnsBuilder(CallColumnsBuilder&&) noexcept = default;
CallColumnsBuilder& CallColumnsBuilder::operator=(CallColumnsBuilder&&) noexcept = default;

void CallColumnsBuilder::Add(const Call& call) {
  CHECK(columns_ != nullptr);
  columns_->Add(call);
}

size_t CallColumnsBuilder::size() const {
  CHECK(columns_ != nullptr);
  return columns_->rows;
}

CallColumns CallColumnsBuilder::Finish() && {
  CHECK(columns_ != nullptr);
  std::shared_ptr<Columns> owner = std::move(columns_);
  CallColumns views = owner->Views();
  views.owner = std::move(owner);
  return views;
}

EventBatch MakeBatch(absl::Span<const Call> calls, std::vector<Completion> completions) {
  CallColumnsBuilder builder;
  for (const Call& call : calls) {
    builder.Add(call);
  }
  return {std::move(builder).Finish(), std::move(completions)};
}

void AddRefusal(Refusal refusal, size_t calls, BatchResult* result) {
  std::vector<Refusal>& told = result->refusals;
  const auto is_before = [](const Refusal& a, size_t index) { return a.index < index; };
  const auto first_completion = std::lower_bound(told.begin(), told.end(), calls, is_before);
  const bool is_call = refusal.index < calls;
  const auto begin = is_call ? told.begin() : first_completion;
  const auto end = is_call ? first_completion : told.end();
  const auto omit = [&](const Refusal& omitted) {
    ++result->refusals_omitted;
    result->conflicts_omitted += omitted.code == RefusalCode::kConflict ? 1 : 0;
  };
  auto place = std::lower_bound(begin, end, refusal.index, is_before);
  if (static_cast<size_t>(end - begin) < kRefusalsToldMax) {
    told.insert(place, std::move(refusal));
  } else if (place == end) {
    omit(refusal);
  } else {
    omit(*(end - 1));
    std::move_backward(place, end - 1, end);
    *place = std::move(refusal);
  }
}

}  // namespace itemized
