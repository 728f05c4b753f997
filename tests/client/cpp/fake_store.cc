// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "proto/usage_fields.h"

#include "storage/base/check.h"
#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {

namespace {

constexpr auto kPatience = std::chrono::seconds(60);  // A test that hangs fails then.

int64_t At(const google::protobuf::RepeatedField<int64_t>& column, int row) {
  return column.empty() ? 0 : column.at(row);
}

std::string NameAt(const pb::CallColumns& columns,
                   const google::protobuf::RepeatedField<uint32_t>& column, int row) {
  return column.empty() ? "" : columns.strings().at(static_cast<int>(column.at(row)));
}

template <typename Columns>
pb::Usage UsageOf(const Columns& columns, int row) {
  UsageCounts counts{};
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    counts[i] = At(*columns[i], row);
  }
  pb::Usage usage;
  SetCounts(counts, &usage);
  return usage;
}

}  // namespace

std::vector<pb::Call> RowsOf(const pb::CallColumns& c) {
  std::vector<pb::Call> rows;
  pb::CallColumns copy = c;
  const auto usage_columns = UsageColumnsOf(&copy);
  size_t id_offset = 0;
  int attribute = 0;
  for (int row = 0; row < c.time_offset_us_size(); ++row) {
    pb::Call call;
    const uint32_t id_size = c.event_id_sizes().at(row);
    call.set_event_id(c.event_id_data().substr(id_offset, id_size));
    id_offset += id_size;
    call.set_time_unix_us(c.base_time_unix_us() + c.time_offset_us(row));
    call.set_workflow(NameAt(c, c.workflow(), row));
    call.set_workflow_id(NameAt(c, c.workflow_id(), row));
    call.set_step(NameAt(c, c.step(), row));
    call.set_provider(NameAt(c, c.provider(), row));
    call.set_model(NameAt(c, c.model(), row));
    if (c.usage_missing().empty() || !c.usage_missing().at(row)) {
      *call.mutable_usage() = UsageOf(usage_columns, row);
    }
    call.set_duration_us(At(c.duration_us(), row));
    call.set_status(static_cast<pb::CallStatus>(c.status().at(row)));
    const uint32_t attributes = c.attribute_counts().empty() ? 0 : c.attribute_counts().at(row);
    for (uint32_t i = 0; i < attributes; ++i, ++attribute) {
      (*call.mutable_attributes())[NameAt(c, c.attribute_keys(), attribute)] =
          NameAt(c, c.attribute_values(), attribute);
    }
    rows.push_back(std::move(call));
  }
  CHECK(id_offset == c.event_id_data().size());
  return rows;
}

void FakeStore::set_judge(Judge judge) {
  MutexLock lock(mutex_);
  judge_ = std::move(judge);
}

pb::BatchResult FakeStore::Store(const pb::Batch& batch) {
  const std::vector<pb::Call> rows = RowsOf(batch.columns());
  MutexLock lock(mutex_);
  batch_sizes_.push_back(batch.events_size() + static_cast<int>(rows.size()));
  pb::BatchResult result;
  for (const pb::Event& event : batch.events()) {
    completions_.push_back(event.completion());
    result.set_accepted(result.accepted() + 1);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (std::string why = judge_ ? judge_(rows[i]) : ""; !why.empty()) {
      pb::Refusal& refusal = *result.add_refusals();
      refusal.set_index(static_cast<uint32_t>(batch.events_size() + static_cast<int>(i)));
      refusal.set_message(std::move(why));
      result.set_refused(result.refused() + 1);
    } else if (seen_.emplace(rows[i].workflow_id(), rows[i].event_id()).second) {
      calls_.push_back(rows[i]);
      result.set_accepted(result.accepted() + 1);
    } else {
      ++duplicates_;
      result.set_duplicate(result.duplicate() + 1);
    }
  }
  changed_.notify_all();
  return result;
}

grpc::Status FakeStore::Begin(const pb::Hello& hello, Producer* producer) {
  MutexLock lock(mutex_);
  Producer& known = producers_[hello.producer_id()];
  if (hello.epoch() < known.epoch) {
    return {grpc::StatusCode::FAILED_PRECONDITION, "a higher epoch has begun"};
  }
  if (hello.epoch() > known.epoch) {
    known = Producer();
    known.epoch = hello.epoch();
  }
  known.session = ++last_session_;
  *producer = known;
  return grpc::Status::OK;
}

grpc::Status FakeStore::Take(const std::string& id, uint64_t session,
                             const pb::IngestRequest& request, bool* known) {
  MutexLock lock(mutex_);
  Producer& producer = producers_[id];
  if (producer.session != session) {
    return {grpc::StatusCode::FAILED_PRECONDITION, "a newer stream has begun"};
  }
  if (request.sequence() > producer.last_sequence + 1) {
    return {grpc::StatusCode::OUT_OF_RANGE, "a gap"};
  }
  const std::string bytes = request.batch().SerializeAsString();
  *known = request.sequence() <= producer.last_sequence;
  if (*known && producer.batches[request.sequence()] != bytes) {
    return {grpc::StatusCode::ALREADY_EXISTS, "other content"};
  }
  producer.last_sequence = std::max(producer.last_sequence, request.sequence());
  producer.batches[request.sequence()] = bytes;
  return grpc::Status::OK;
}

std::map<std::string, FakeStore::Producer> FakeStore::producers() const {
  MutexLock lock(mutex_);
  return producers_;
}

void FakeStore::FenceAll() {
  MutexLock lock(mutex_);
  for (auto& [id, producer] : producers_) {
    producer.session = ++last_session_;
  }
}

void FakeStore::Lose(uint64_t count) {
  MutexLock lock(mutex_);
  for (auto& [id, producer] : producers_) {
    for (uint64_t i = 0; i < count && producer.last_sequence > 0; ++i) {
      pb::Batch batch;
      CHECK(batch.ParseFromString(producer.batches[producer.last_sequence]));
      for (const pb::Call& call : RowsOf(batch.columns())) {
        seen_.erase({call.workflow_id(), call.event_id()});
        calls_.erase(std::find_if(calls_.begin(), calls_.end(), [&](const pb::Call& stored) {
          return stored.event_id() == call.event_id();
        }));
      }
      producer.batches.erase(producer.last_sequence--);
    }
  }
}

void FakeStore::AlterBatches() {
  MutexLock lock(mutex_);
  for (auto& [id, producer] : producers_) {
    for (auto& [sequence, bytes] : producer.batches) {
      bytes += "altered";
    }
  }
}

std::vector<pb::Call> FakeStore::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

std::vector<pb::Completion> FakeStore::completions() const {
  MutexLock lock(mutex_);
  return completions_;
}

std::vector<int> FakeStore::batch_sizes() const {
  MutexLock lock(mutex_);
  return batch_sizes_;
}

int64_t FakeStore::duplicates() const {
  MutexLock lock(mutex_);
  return duplicates_;
}

void FakeStore::AwaitCalls(size_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while (calls_.size() < count) {
    CHECK(changed_.wait_until(mutex_, deadline) == std::cv_status::no_timeout);
  }
}

void FakeStore::AwaitBatches(size_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while (batch_sizes_.size() < count) {
    CHECK(changed_.wait_until(mutex_, deadline) == std::cv_status::no_timeout);
  }
}

}  // namespace itemized::client
