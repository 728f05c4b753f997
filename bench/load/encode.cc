// SPDX-License-Identifier: Apache-2.0
#include "bench/load/encode.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/support/slice.h"

namespace itemized::bench {
namespace {

void AddCompletion(const WorkloadCompletion& completion, v1::Completion* added) {
  added->set_time_unix_us(completion.time_us);
  added->set_workflow(WorkflowName(completion.workflow));
  added->set_workflow_id(RunId(completion.run));
  added->set_outcome(static_cast<v1::Outcome>(completion.outcome));
  if (completion.unused_step >= 0) {
    added->add_unused_steps(StepName(completion.unused_step));
  }
}

// The dictionary of one batch.
class Strings {
 public:
  explicit Strings(v1::CallColumns* columns) : columns_(columns) {}

  uint32_t IndexOf(std::string name) {
    const auto [place, added] = index_.try_emplace(name, static_cast<uint32_t>(index_.size()));
    if (added) {
      columns_->add_strings(std::move(name));
    }
    return place->second;
  }

 private:
  v1::CallColumns* columns_;
  absl::flat_hash_map<std::string, uint32_t> index_;
};

void AddUsage(const WorkloadCall& call, v1::CallColumns* columns) {
  columns->add_input_tokens(call.input);
  columns->add_cache_read_tokens(call.cache_read);
  columns->add_output_tokens(call.output);
  columns->add_duration_us(call.duration_us);
}

void AddTenant(const WorkloadCall& call, Strings* strings, v1::CallColumns* columns) {
  columns->add_attribute_counts(call.tenant >= 0 ? 1 : 0);
  if (call.tenant >= 0) {
    columns->add_attribute_keys(strings->IndexOf("tenant"));
    columns->add_attribute_values(strings->IndexOf(TenantName(call.tenant)));
  }
}

}  // namespace

std::string Encoder::NextEventId() {
  return id_prefix_.empty() ? "" : absl::StrCat(id_prefix_, "-", next_id_++);
}

grpc::ByteBuffer Encoder::Encode(const WorkloadBatch& batch, uint64_t sequence) {
  request_.Clear();
  request_.set_sequence(sequence);
  v1::Batch& out = *request_.mutable_batch();
  if (form_ == Form::kColumns) {
    AddColumns(batch, out.mutable_columns());
  } else {
    for (const WorkloadCall& call : batch.calls) {
      AddRow(call, out.add_events()->mutable_call());
    }
  }
  for (const WorkloadCompletion& completion : batch.completions) {
    AddCompletion(completion, out.add_events()->mutable_completion());
  }
  const grpc::Slice slice(request_.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

void Encoder::AddColumns(const WorkloadBatch& batch, v1::CallColumns* columns) {
  Strings strings(columns);
  columns->set_base_time_unix_us(batch.calls.front().time_us);
  for (const WorkloadCall& call : batch.calls) {
    const std::string id = NextEventId();
    const Model& model = kModels[call.model];
    columns->add_time_offset_us(call.time_us - columns->base_time_unix_us());
    columns->mutable_event_id_data()->append(id);
    columns->add_event_id_sizes(static_cast<uint32_t>(id.size()));
    columns->add_workflow(strings.IndexOf(WorkflowName(call.workflow)));
    columns->add_workflow_id(strings.IndexOf(RunId(call.run)));
    columns->add_step(strings.IndexOf(StepName(call.step)));
    columns->add_provider(strings.IndexOf(model.provider));
    columns->add_model(strings.IndexOf(model.name));
    AddUsage(call, columns);
    AddTenant(call, &strings, columns);
  }
}

void Encoder::AddRow(const WorkloadCall& call, v1::Call* row) {
  const Model& model = kModels[call.model];
  row->set_event_id(NextEventId());
  row->set_time_unix_us(call.time_us);
  row->set_workflow(WorkflowName(call.workflow));
  row->set_workflow_id(RunId(call.run));
  row->set_step(StepName(call.step));
  row->set_provider(model.provider);
  row->set_model(model.name);
  row->mutable_usage()->set_input_tokens(call.input);
  row->mutable_usage()->set_cache_read_tokens(call.cache_read);
  row->mutable_usage()->set_output_tokens(call.output);
  row->set_duration_us(call.duration_us);
  row->set_status(v1::CALL_STATUS_OK);
  if (call.tenant >= 0) {
    (*row->mutable_attributes())["tenant"] = TenantName(call.tenant);
  }
}

}  // namespace itemized::bench
