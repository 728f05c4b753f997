// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/ingest_stream.h"

#include <utility>

#include "absl/strings/escaping.h"
#include <spdlog/spdlog.h>

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
    ReadMessage();
  }
  MutexLock lock(mutex_);
  reading_ = false;
  if (!ok) {
    CloseReading(grpc::Status::OK);
  }
  Advance();
}

// Runs while reading_ is set, so that batches are submitted in their order.
void IngestStream::ReadMessage() {
  const auto bytes = static_cast<int64_t>(request_.Length());
  absl::StatusOr<DecodedIngestRequest> request = DecodeIngestRequest(Flatten(request_));
  request_.Clear();
  if (!request.ok()) {
    MutexLock lock(mutex_);
    return CloseReading(ToGrpcStatus(request.status()));
  }
  Unanswered* message = Expect(bytes);
  if (message == nullptr) {
    return;
  }
  if (request->hello.has_value()) {
    Greet(*request->hello, message);
  } else {
    Submit(*std::move(request), message);
  }
}

void IngestStream::Greet(const ProducerHello& hello, Unanswered* message) {
  bool is_first = false;
  {
    MutexLock lock(mutex_);
    is_first = !std::exchange(begun_, true);
    greeting_ = is_first;
  }
  if (!is_first) {
    return Settle(message,
                  absl::InvalidArgumentError("A Hello can only be the first message of a stream."));
  }
  shared_.begin_session(
      hello, [self = shared_from_this(), hello, message](absl::StatusOr<ProducerSession> session) {
        self->Welcome(hello, message, std::move(session));
      });
}

void IngestStream::Welcome(const ProducerHello& hello, Unanswered* message,
                           absl::StatusOr<ProducerSession> session) {
  {
    MutexLock lock(mutex_);
    greeting_ = false;
    if (session.ok()) {
      producer_ = {hello.id, *session};
    }
  }
  if (!session.ok()) {
    return Settle(message, session.status());
  }
  if (session->last_sequence < hello.acknowledged_sequence) {
    spdlog::error(
        "Acknowledged data may be lost: producer {} has seen batch {} acknowledged, and the newest "
        "one stored is {}. It sends again what it has. The data directory was restored from an "
        "older copy, or the producer was idle for more than 90 days.",
        absl::BytesToHexString({reinterpret_cast<const char*>(hello.id.data()), hello.id.size()}),
        hello.acknowledged_sequence, session->last_sequence);
  }
  pb::IngestResponse answer;
  answer.mutable_welcome()->set_last_sequence(session->last_sequence);
  Settle(message, std::move(answer));
}

void IngestStream::Submit(DecodedIngestRequest request, Unanswered* message) {
  std::optional<BatchPosition> position;
  {
    MutexLock lock(mutex_);
    begun_ = true;
    if (producer_.has_value()) {
      position = {producer_->id, producer_->session.session, request.sequence, request.content};
    }
  }
  shared_.queue->Submit(std::move(request.batch), position,
                        [self = shared_from_this(), message,
                         sequence = request.sequence](absl::StatusOr<pb::BatchResult> result) {
                          if (!result.ok()) {
                            return self->Settle(message, result.status());
                          }
                          pb::IngestResponse answer;
                          answer.set_sequence(sequence);
                          *answer.mutable_result() = *std::move(result);
                          self->Settle(message, std::move(answer));
                        });
}

// Null if the message came too late to be taken.
IngestStream::Unanswered* IngestStream::Expect(int64_t bytes) {
  MutexLock lock(mutex_);
  if (read_closed_ || broken_ || ended_) {
    return nullptr;
  }
  Unanswered& message = unanswered_.emplace_back();
  message.bytes = bytes;
  bytes_ += bytes;
  shared_.bytes += bytes;
  return &message;
}

void IngestStream::Settle(Unanswered* message, absl::StatusOr<pb::IngestResponse> answer) {
  MutexLock lock(mutex_);
  message->settled = true;
  message->answer = std::move(answer);
  bytes_ -= message->bytes;
  shared_.bytes -= message->bytes;
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
  if (unanswered_.empty()) {
    return read_closed_ ? End(status_) : void();
  }
  const Unanswered& next = unanswered_.front();
  if (!next.settled) {
    return;
  }
  if (!next.answer.ok()) {
    return End(ToGrpcStatus(next.answer.status()));
  }
  Answer();
}

void IngestStream::Answer() {
  response_.Clear();
  Serialize(*unanswered_.front().answer, response_);
  unanswered_.pop_front();
  writing_ = true;
  StartWrite(&response_);
}

void IngestStream::AdvanceReading() {
  const IngestLimits& limits = shared_.limits;
  if (read_closed_ || broken_ || greeting_ || unanswered_.size() >= limits.stream_batches ||
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
