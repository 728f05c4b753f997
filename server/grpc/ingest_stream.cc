#include "server/grpc/ingest_stream.h"

#include <utility>

#include "server/convert/batch_decoder.h"
#include "server/convert/status.h"
#include "server/grpc/byte_buffer.h"

namespace itemized::server {

namespace pb = itemized::v1;

IngestStream::IngestStream(IngestShared& shared, std::function<void(IngestStream*)> on_closed)
    : shared_(shared), on_closed_(std::move(on_closed)) {}

void IngestStream::Start() {
  MutexLock lock(mutex_);
  self_ = shared_from_this();
  Advance();
}

void IngestStream::Drain() {
  MutexLock lock(mutex_);
  CloseReading(ShuttingDown());
  Advance();
}

void IngestStream::OnReadDone(bool ok) {
  if (ok) {
    ReadBatch();
  }
  MutexLock lock(mutex_);
  reading_ = false;
  if (!ok) {
    CloseReading(grpc::Status::OK);
  }
  Advance();
}

// Runs while reading_ is set, so that batches are submitted in their order.
void IngestStream::ReadBatch() {
  const auto bytes = static_cast<int64_t>(request_.Length());
  absl::StatusOr<DecodedIngestRequest> request = DecodeIngestRequest(Flatten(request_));
  request_.Clear();
  if (!request.ok()) {
    MutexLock lock(mutex_);
    return CloseReading(ToGrpcStatus(request.status()));
  }
  Unacknowledged* batch = Expect(request->sequence, bytes);
  if (batch == nullptr) {
    return;
  }
  shared_.queue->Submit(std::move(request->batch),
                        [self = shared_from_this(), batch](absl::StatusOr<pb::BatchResult> result) {
                          self->Settle(batch, std::move(result));
                        });
}

// Null if the batch came too late to be taken.
IngestStream::Unacknowledged* IngestStream::Expect(uint64_t sequence, int64_t bytes) {
  MutexLock lock(mutex_);
  if (read_closed_ || broken_ || ended_) {
    return nullptr;
  }
  Unacknowledged& batch = unacknowledged_.emplace_back();
  batch.sequence = sequence;
  batch.bytes = bytes;
  bytes_ += bytes;
  shared_.bytes += bytes;
  return &batch;
}

void IngestStream::Settle(Unacknowledged* batch, absl::StatusOr<pb::BatchResult> result) {
  MutexLock lock(mutex_);
  batch->settled = true;
  batch->result = std::move(result);
  bytes_ -= batch->bytes;
  shared_.bytes -= batch->bytes;
  Advance();
}

void IngestStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  broken_ = broken_ || !ok;
  Advance();
}

void IngestStream::OnCancel() {
  MutexLock lock(mutex_);
  broken_ = true;
  Advance();
}

void IngestStream::OnDone() {
  std::shared_ptr<IngestStream> self;  // Perhaps the last.
  {
    MutexLock lock(mutex_);
    self = std::move(self_);
  }
  on_closed_(this);
}

// Starts whatever the state allows; called after every change of it.
void IngestStream::Advance() {
  if (!ended_ && !writing_) {
    AdvanceWriting();
  }
  if (!ended_ && !reading_) {
    AdvanceReading();
  }
}

void IngestStream::AdvanceWriting() {
  if (broken_) {
    return End(grpc::Status(grpc::StatusCode::CANCELLED, "the client is gone"));
  }
  if (unacknowledged_.empty()) {
    return read_closed_ ? End(status_) : void();
  }
  const Unacknowledged& next = unacknowledged_.front();
  if (!next.settled) {
    return;
  }
  if (!next.result.ok()) {
    return End(ToGrpcStatus(next.result.status()));
  }
  Acknowledge();
}

void IngestStream::Acknowledge() {
  Unacknowledged& next = unacknowledged_.front();
  pb::IngestResponse response;
  response.set_sequence(next.sequence);
  *response.mutable_result() = *std::move(next.result);
  unacknowledged_.pop_front();
  response_.Clear();
  Serialize(response, response_);
  writing_ = true;
  StartWrite(&response_);
}

void IngestStream::AdvanceReading() {
  const IngestLimits& limits = shared_.limits;
  if (read_closed_ || broken_ || unacknowledged_.size() >= limits.stream_batches ||
      bytes_ >= limits.stream_bytes) {
    return;
  }
  // A stream that waits for all the others has a batch of its own, whose end
  // brings it back here.
  if (bytes_ > 0 && shared_.bytes >= limits.server_bytes) {
    return;
  }
  reading_ = true;
  StartRead(&request_);
}

// The first reason to stop reading is the one the client is told.
void IngestStream::CloseReading(grpc::Status status) {
  if (!read_closed_) {
    read_closed_ = true;
    status_ = std::move(status);
  }
}

void IngestStream::End(const grpc::Status& status) {
  ended_ = true;
  Finish(status);
}

grpc::Status ShuttingDown() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "server is shutting down");
}

}  // namespace itemized::server
