// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/batch_packer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "proto/usage_fields.h"

#include "client/cpp/utf8.h"

namespace itemized::client {

namespace {

namespace pb = itemized::v1;

using Int64Column = google::protobuf::RepeatedField<int64_t>;
using IndexColumn = google::protobuf::RepeatedField<uint32_t>;

pb::CallStatus ToProto(CallStatus status) {
  switch (status) {
    case CallStatus::kOk:
      return pb::CALL_STATUS_OK;
    case CallStatus::kError:
      return pb::CALL_STATUS_ERROR;
    case CallStatus::kCancelled:
      return pb::CALL_STATUS_CANCELLED;
  }
  return pb::CALL_STATUS_UNSPECIFIED;
}

pb::Outcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted:
      return pb::OUTCOME_COMPLETED;
    case Outcome::kFailed:
      return pb::OUTCOME_FAILED;
    case Outcome::kShortCircuited:
      return pb::OUTCOME_SHORT_CIRCUITED;
    case Outcome::kAbandoned:
      return pb::OUTCOME_ABANDONED;
  }
  return pb::OUTCOME_UNSPECIFIED;
}

std::string NotUtf8(absl::string_view what) {
  return absl::StrCat("The ", what, " is not valid UTF-8; encode it before recording.");
}

// The batch's strings, each of them once.
class Dictionary {
 public:
  explicit Dictionary(pb::CallColumns& columns) : columns_(columns) { IndexOf(""); }

  // Returns the place of `text`, which must outlive the dictionary; nothing if it is not UTF-8.
  std::optional<uint32_t> IndexOf(absl::string_view text) {
    const auto found = indices_.find(text);
    if (found != indices_.end()) {
      return found->second;
    }
    if (!IsValidUtf8(text)) {
      return std::nullopt;
    }
    const auto index = static_cast<uint32_t>(columns_.strings_size());
    columns_.add_strings(text.data(), text.size());
    indices_.emplace(text, index);
    return index;
  }

 private:
  pb::CallColumns& columns_;
  absl::flat_hash_map<absl::string_view, uint32_t> indices_;
};

struct NameColumn {
  const char* what;
  std::string Call::*field;
  IndexColumn* (pb::CallColumns::*column)();
};

constexpr std::array kNameColumns = {
    NameColumn{"workflow", &Call::workflow, &pb::CallColumns::mutable_workflow},
    NameColumn{"workflow_id", &Call::workflow_id, &pb::CallColumns::mutable_workflow_id},
    NameColumn{"step", &Call::step, &pb::CallColumns::mutable_step},
    NameColumn{"provider", &Call::provider, &pb::CallColumns::mutable_provider},
    NameColumn{"model", &Call::model, &pb::CallColumns::mutable_model},
};

class ColumnWriter {
 public:
  explicit ColumnWriter(pb::CallColumns& columns)
      : columns_(columns), usage_columns_(UsageColumnsOf(&columns)), dictionary_(columns) {}

  // Adds a call. If it cannot be put on the wire, returns why, and adds nothing.
  std::optional<std::string> Add(const Call& call) {
    std::array<uint32_t, kNameColumns.size()> names{};
    for (size_t i = 0; i < kNameColumns.size(); ++i) {
      const std::optional<uint32_t> index = dictionary_.IndexOf(call.*kNameColumns[i].field);
      if (!index.has_value()) {
        return NotUtf8(kNameColumns[i].what);
      }
      names[i] = *index;
    }
    if (!AddAttributes(call.attributes)) {
      return NotUtf8("name or value of an attribute");
    }
    for (size_t i = 0; i < kNameColumns.size(); ++i) {
      (columns_.*kNameColumns[i].column)()->Add(names[i]);
    }
    columns_.mutable_event_id_data()->append(call.event_id);
    columns_.add_event_id_sizes(static_cast<uint32_t>(call.event_id.size()));
    AddNumbers(call);
    return std::nullopt;
  }

  // Empties the columns that say the same as no column.
  void Finish() {
    for (Int64Column* column : usage_columns_) {
      ClearIfZero(*column);
    }
    for (const NameColumn& column : kNameColumns) {
      ClearIfZero(*(columns_.*column.column)());
    }
    ClearIfZero(*columns_.mutable_duration_us());
    ClearIfZero(*columns_.mutable_usage_missing());
    ClearIfZero(*columns_.mutable_attribute_counts());
  }

 private:
  template <typename Column>
  static void ClearIfZero(Column& column) {
    for (const auto value : column) {
      if (value != 0) {
        return;
      }
    }
    column.Clear();
  }

  bool AddAttributes(const Attributes& attributes) {
    const int size_before = columns_.attribute_keys_size();
    for (const auto& [key, value] : attributes) {
      const std::optional<uint32_t> key_index = dictionary_.IndexOf(key);
      const std::optional<uint32_t> value_index = dictionary_.IndexOf(value);
      if (!key_index.has_value() || !value_index.has_value()) {
        columns_.mutable_attribute_keys()->Truncate(size_before);
        columns_.mutable_attribute_values()->Truncate(size_before);
        return false;
      }
      columns_.add_attribute_keys(*key_index);
      columns_.add_attribute_values(*value_index);
    }
    columns_.add_attribute_counts(static_cast<uint32_t>(attributes.size()));
    return true;
  }

  void AddNumbers(const Call& call) {
    if (columns_.time_offset_us_size() == 0) {
      columns_.set_base_time_unix_us(call.time_us);
    }
    // The difference wraps around for absurd times, as the sum on the other side does.
    columns_.add_time_offset_us(static_cast<int64_t>(
        static_cast<uint64_t>(call.time_us) - static_cast<uint64_t>(columns_.base_time_unix_us())));
    const Usage usage = call.usage.value_or(Usage());
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      usage_columns_[c]->Add(usage.*kUsageCounts[c]);
    }
    columns_.add_usage_missing(!call.usage.has_value());
    columns_.add_duration_us(call.duration_us);
    columns_.add_status(ToProto(call.status));
  }

  pb::CallColumns& columns_;
  const std::array<Int64Column*, kUsageClassCount> usage_columns_;
  Dictionary dictionary_;
};

std::optional<std::string> WhyNotOnTheWire(const Completion& completion) {
  if (!IsValidUtf8(completion.workflow)) {
    return NotUtf8("workflow");
  }
  if (!IsValidUtf8(completion.workflow_id)) {
    return NotUtf8("workflow_id");
  }
  for (const std::string& step : completion.unused_steps) {
    if (!IsValidUtf8(step)) {
      return NotUtf8("name of an unused step");
    }
  }
  return std::nullopt;
}

void AddCompletion(const Completion& completion, pb::Batch& batch) {
  pb::Completion& to = *batch.add_events()->mutable_completion();
  to.set_time_unix_us(completion.time_us);
  to.set_workflow(completion.workflow);
  to.set_workflow_id(completion.workflow_id);
  to.set_outcome(ToProto(completion.outcome));
  for (const std::string& step : completion.unused_steps) {
    to.add_unused_steps(step);
  }
}

void PackCalls(const Chunk& chunk, PackedBatch& packed) {
  ColumnWriter writer(*packed.batch.mutable_columns());
  for (const Call& call : chunk.calls) {
    if (std::optional<std::string> reason = writer.Add(call)) {
      packed.refused.push_back({call.event_id, call.workflow_id, call.step, *std::move(reason)});
    }
  }
  writer.Finish();
}

const std::string& NameAt(const pb::CallColumns& columns, const IndexColumn& column, int row) {
  return row < column.size() ? columns.strings(static_cast<int>(column[row])) : columns.strings(0);
}

}  // namespace

PackedBatch Pack(const Chunk& chunk) {
  PackedBatch packed;
  for (const Completion& completion : chunk.completions) {
    if (std::optional<std::string> reason = WhyNotOnTheWire(completion)) {
      packed.refused.push_back({"", completion.workflow_id, "", *std::move(reason)});
    } else {
      AddCompletion(completion, packed.batch);
    }
  }
  if (!chunk.calls.empty()) {
    PackCalls(chunk, packed);
  }
  return packed;
}

std::vector<RefusedEvent> DescribeRefusals(const pb::Batch& batch, const pb::BatchResult& result) {
  std::vector<RefusedEvent> refused;
  const pb::CallColumns& columns = batch.columns();
  int row_reached = 0;
  size_t id_offset = 0;  // Where the id of row_reached begins; refusals come by rising index.
  for (const pb::Refusal& refusal : result.refusals()) {
    const int64_t index = refusal.index();
    const int64_t row = index - batch.events_size();
    if (row < 0) {
      const pb::Completion& completion = batch.events(static_cast<int>(index)).completion();
      refused.push_back({"", completion.workflow_id(), "", refusal.message()});
    } else if (row < columns.event_id_sizes_size() && row >= row_reached) {
      for (; row_reached < row; ++row_reached) {
        id_offset += columns.event_id_sizes(row_reached);
      }
      refused.push_back(
          {columns.event_id_data().substr(id_offset, columns.event_id_sizes(row_reached)),
           NameAt(columns, columns.workflow_id(), row_reached),
           NameAt(columns, columns.step(), row_reached), refusal.message()});
    }
  }
  return refused;
}

}  // namespace itemized::client
