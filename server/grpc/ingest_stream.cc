// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/ingest_stream.h"

#include <utility>

#include "absl/strings/escaping.h"
#include <grpcpp/server_context.h>
#include <spdlog/spdlog.h>

#include "server/convert/batch_decoder.h"
#include "server/convert/batch_result.h"
#include "server/grpc/byte_buffer.h"
#include "server/grpc/status.h"
#include "server/grpc/unary_call.h"

namespace itemized::server {

namespace pb = itemized::v1;

IngestStream::IngestStream(IngestShared& shared, const Principal& principal,
                           grpc::CallbackServerContext* context,
                           std::function<void(IngestStream*)> on_closed)
    : shared_(shared),
      principal_(principal),
      peer_(context->peer()),
      on_closed_(std::move(on_closed)),
      context_(context) {}

void IngestStream::Start() {
  handover_.Give();
  MutexLock lock(mutex_);
  self_ = shared_from_this();
  Advance();
}

void IngestStream::Drain(const grpc::Status& reason) {
  MutexLock lock(mutex_);
  CloseReading(reason);
  Advance();
}

void IngestStream::GiveWay(const grpc::Status& reason) {
  MutexLock lock(mutex_);
  CloseReading(reason);
  Advance();
  if (!ended_ && is_stalled() && context_ != nullptr) {
    // A status would wait behind the answer that is not taken.
    context_->TryCancel();
  }
}

bool IngestStream::is_stalled() const {
  return writing_ && std::chrono::steady_clock::now() - changed_at_ > shared_.limits.stalled_after;
}

std::optional<IngestStream::Instant> IngestStream::DispensableSince() const {
  MutexLock lock(mutex_);
  const bool is_idle = unanswered_.empty() && !writing_;
  return (is_idle || is_stalled()) && !ended_ ? std::optional(changed_at_) : std::nullopt;
}

void IngestStream::OnReadDone(bool ok) {
  handover_.Follow();
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
  auto charge = shared_.memory->Take(kMemoryPerMessageByte * bytes);
  if (!charge.has_value()) {
    request_.Clear();
    MutexLock lock(mutex_);
    return CloseReading(NoMemory());
  }
  absl::StatusOr<DecodedIngestRequest> request = DecodeIngestRequest(Flatten(request_));
  request_.Clear();
  if (!request.ok()) {
    TellRefused(request.status());
    MutexLock lock(mutex_);
    return CloseReading(ToGrpcStatus(request.status()));
  }
  Unanswered* message = Expect(bytes, *std::move(charge));
  if (message == nullptr) {
    return;
  }
  if (request->hello.has_value()) {
    Greet(*request->hello, message);
  } else {
    Submit(*std::move(request), bytes, message);
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
      principal_, hello,
      [self = shared_from_this(), hello, message](absl::StatusOr<ProducerSession> session) {
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
    TellRefused(session.status());
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

// An operator hears of senders that cannot even begin.
void IngestStream::TellRefused(const absl::Status& status) {
  if (const std::optional<int64_t> times = shared_.refused_hellos.Count()) {
    spdlog::warn("Senders were refused, {} since this was told last; now one at {}: {}", *times,
                 peer_, std::string(status.message()));
  }
}

void IngestStream::Submit(DecodedIngestRequest request, int64_t bytes, Unanswered* message) {
  shared_.queue->usage_reports().Take(request.batch.usage_reports);
  OutlinedSubmission outlined = ToSubmission(std::move(request.batch));
  {
    MutexLock lock(mutex_);
    begun_ = true;
    if (producer_.has_value()) {
      outlined.submission.position = {producer_->id, producer_->session.session, request.sequence,
                                      request.content};
    }
  }
  shared_.queue->Submit(
      principal_, std::move(outlined.submission), bytes,
      [self = shared_from_this(), message, sequence = request.sequence,
       outline = std::move(outlined.outline)](const absl::StatusOr<SubmissionResult>& stored) {
        absl::StatusOr<pb::BatchResult> result = ToBatchResult(outline, stored);
        if (!result.ok()) {
          return self->Settle(message, result.status());
        }
        pb::IngestResponse answer;
        answer.set_sequence(sequence);
        *answer.mutable_result() = *std::move(result);
        self->Settle(message, std::move(answer));
      });
}

// Returns null if the message came too late to be taken.
IngestStream::Unanswered* IngestStream::Expect(int64_t bytes, MemoryBudget::Charge charge) {
  MutexLock lock(mutex_);
  if (read_closed_ || broken_ || ended_) {
    return nullptr;
  }
  Unanswered& message = unanswered_.emplace_back();
  message.bytes = bytes;
  message.charge = std::move(charge);
  changed_at_ = std::chrono::steady_clock::now();
  bytes_ += bytes;
  return &message;
}

void IngestStream::Settle(Unanswered* message, absl::StatusOr<pb::IngestResponse> answer) {
  MutexLock lock(mutex_);
  message->settled = true;
  message->answer = std::move(answer);
  bytes_ -= message->bytes;
  if (message->answer.ok()) {
    message->answer_bytes = static_cast<int64_t>(message->answer->ByteSizeLong());
    answer_bytes_ += message->answer_bytes;
  }
  // Answers are short, and a batch that is stored has to be told so: without room for more
  // its message's share is kept for it.
  if (!message->charge.Resize(kMemoryPerMessageByte * message->answer_bytes)) {
    spdlog::debug("An answer waits without memory of its own.");
  }
  Advance();
}

void IngestStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  written_charge_.Release();
  answer_bytes_ -= std::exchange(written_bytes_, 0);
  changed_at_ = std::chrono::steady_clock::now();
  broken_ = broken_ || !ok;
  Advance();
}

void IngestStream::OnCancel() {
  MutexLock lock(mutex_);
  broken_ = true;
  Advance();
}

void IngestStream::OnDone() {
  std::shared_ptr<IngestStream> self;  // This may be the last owner.
  {
    MutexLock lock(mutex_);
    self = std::move(self_);
    context_ = nullptr;
  }
  on_closed_(this);
}

// Starts whatever the state allows. It has to be called after every change of that.
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
    return End(grpc::Status(grpc::StatusCode::CANCELLED, "The client is gone."));
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
  Unanswered& next = unanswered_.front();
  Serialize(*next.answer, response_);
  written_charge_ = std::move(next.charge);
  written_bytes_ = next.answer_bytes;
  unanswered_.pop_front();
  writing_ = true;
  changed_at_ = std::chrono::steady_clock::now();
  StartWrite(&response_);
}

void IngestStream::AdvanceReading() {
  const IngestLimits& limits = shared_.limits;
  if (read_closed_ || broken_ || greeting_ || unanswered_.size() >= limits.stream_batches ||
      bytes_ >= limits.stream_bytes || answer_bytes_ >= limits.answer_bytes) {
    return;
  }
  // A stream that waits for all the others has a batch of its own, whose end
  // brings it back here.
  if (bytes_ > 0 && !shared_.queue->MayRead()) {
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
  return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                      "The server is shutting down; send again to the next one.");
}

}  // namespace itemized::server
