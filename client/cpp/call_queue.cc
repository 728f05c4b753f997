#include "client/cpp/call_queue.h"

#include <string>
#include <utility>

#include "storage/base/check.h"

namespace itemized::client {

size_t RecordBytes(const Call& call) {
  size_t bytes = sizeof(Call) + call.event_id.size() + call.workflow.size() +
                 call.workflow_id.size() + call.step.size() + call.provider.size() +
                 call.model.size();
  for (const auto& [key, value] : call.attributes) {
    bytes += 2 * sizeof(std::string) + key.size() + value.size();
  }
  return bytes;
}

size_t RecordBytes(const Completion& completion) {
  size_t bytes = sizeof(Completion) + completion.workflow.size() + completion.workflow_id.size();
  for (const std::string& step : completion.unused_steps) {
    bytes += sizeof(std::string) + step.size();
  }
  return bytes;
}

template <typename Record>
CallQueue::PushResult CallQueue::PushTo(std::vector<Record> Chunk::*records, Record&& record,
                                        size_t bytes) {
  if (held_records_ >= limits_.records || held_bytes_ + bytes > limits_.bytes) {
    return PushResult::kFull;
  }
  const bool opens = open_.size() == 0;
  if ((open_.*records).empty()) {
    (open_.*records).reserve(limits_.chunk_records);
  }
  (open_.*records).push_back(std::forward<Record>(record));
  if (opens) {
    open_.first_number = next_number_;
    open_.opened_at = std::chrono::steady_clock::now();
  }
  open_.bytes += bytes;
  ++next_number_;
  ++held_records_;
  held_bytes_ += bytes;
  const bool fills = open_.size() >= limits_.chunk_records || open_.bytes >= limits_.chunk_bytes;
  if (fills) {
    Close();
  }
  return opens || fills ? PushResult::kWakeSender : PushResult::kQueued;
}

CallQueue::PushResult CallQueue::Push(Call&& call, size_t bytes) {
  return PushTo(&Chunk::calls, std::move(call), bytes);
}

CallQueue::PushResult CallQueue::Push(Completion&& completion, size_t bytes) {
  return PushTo(&Chunk::completions, std::move(completion), bytes);
}

void CallQueue::Close() {
  full_.push_back(std::move(open_));
  open_ = spare_.has_value() ? *std::move(spare_) : Chunk();
  spare_.reset();
}

bool CallQueue::Due(TimePoint now, uint64_t flush_through) const {
  if (!full_.empty()) {
    return true;
  }
  return open_.size() > 0 &&
         (open_.first_number < flush_through || now >= open_.opened_at + limits_.chunk_age);
}

std::optional<CallQueue::TimePoint> CallQueue::NextDue() const {
  if (open_.size() == 0) {
    return std::nullopt;
  }
  return open_.opened_at + limits_.chunk_age;
}

Chunk CallQueue::Take() {
  CHECK(!empty());
  if (full_.empty()) {
    Close();
  }
  Chunk chunk = std::move(full_.front());
  full_.pop_front();
  return chunk;
}

void CallQueue::Release(size_t records, size_t bytes) {
  CHECK(records <= held_records_ && bytes <= held_bytes_);
  held_records_ -= records;
  held_bytes_ -= bytes;
}

void CallQueue::Recycle(Chunk&& chunk) {
  CHECK(chunk.size() == 0);
  chunk.bytes = 0;
  spare_ = std::move(chunk);
}

}  // namespace itemized::client
