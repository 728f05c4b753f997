// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/ingest_service.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "server/convert/batch_decoder.h"
#include "server/convert/batch_result.h"
#include "server/grpc/byte_buffer.h"
#include "server/grpc/principal.h"
#include "server/grpc/status.h"
#include "server/grpc/unary_call.h"
#include "storage/base/check.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Takes one batch in a call of its own.
class WriteCall final : public QuickReactor {
 public:
  WriteCall(IngestShared& shared, const Principal& principal, grpc::ByteBuffer& response)
      : shared_(shared), principal_(principal), response_(response) {}

  void Start(const grpc::ByteBuffer& request) {
    const auto bytes = static_cast<int64_t>(request.Length());
    std::optional<MemoryBudget::Charge> charge =
        shared_.memory->Take(kMemoryPerMessageByte * bytes);
    if (!charge.has_value()) {
      return Finish(NoMemory());
    }
    charge_ = *std::move(charge);
    absl::StatusOr<DecodedBatch> batch = DecodeWriteRequest(Flatten(request));
    if (!batch.ok()) {
      return Finish(ToGrpcStatus(batch.status()));
    }
    if (const absl::Status room = shared_.queue->CheckRoom(batch->events); !room.ok()) {
      return Finish(ToGrpcStatus(room));
    }
    shared_.queue->usage_reports().Take(batch->usage_reports);
    OutlinedSubmission outlined = ToSubmission(*std::move(batch));
    shared_.queue->Submit(principal_, std::move(outlined.submission), bytes,
                          [this, outline = std::move(outlined.outline)](
                              const absl::StatusOr<SubmissionResult>& result) {
                            Answer(ToBatchResult(outline, result));
                          });
  }

 private:
  void Answer(absl::StatusOr<pb::BatchResult> result) {
    const absl::Status status = result.status();
    if (status.ok()) {
      pb::WriteResponse answer;
      *answer.mutable_result() = *std::move(result);
      Serialize(answer, response_);
      // Refusals are few, so that an answer hardly ever needs more than its message did.
      if (const auto bytes = static_cast<int64_t>(response_.Length()); bytes < charge_.bytes()) {
        charge_.Resize(bytes);
      }
    }
    Finish(ToGrpcStatus(status));
  }

  IngestShared& shared_;
  const Principal principal_;
  grpc::ByteBuffer& response_;
  MemoryBudget::Charge charge_;  // It is held until the answer has been sent.
};

grpc::Status MakeRoom() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                      "The stream had nothing under way and makes room for another one; open it "
                      "again when there is something to send.");
}

}  // namespace

IngestService::IngestService(IngestQueue& queue, SessionBeginner begin_session,
                             MemoryBudget& memory, IngestLimits limits) {
  shared_.queue = &queue;
  shared_.memory = &memory;
  shared_.begin_session = std::move(begin_session);
  shared_.limits = limits;
}

void IngestService::Drain() {
  std::set<std::shared_ptr<IngestStream>> streams;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    streams = streams_;
  }
  for (const std::shared_ptr<IngestStream>& stream : streams) {
    stream->Drain(ShuttingDown());
  }
}

bool IngestService::AwaitStreams(std::chrono::system_clock::time_point deadline) {
  MutexLock lock(mutex_);
  const auto all_ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return streams_.empty() && leaving_.empty();
  };
  while (!all_ended()) {
    if (closed_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
      return all_ended();
    }
  }
  return true;
}

IngestService::~IngestService() {
  const MutexLock lock(mutex_);
  CHECK(streams_.empty() && leaving_.empty());
}

bool IngestService::draining() const {
  MutexLock lock(mutex_);
  return draining_;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestService::Ingest(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<IngestStream>(shared_, PrincipalOf(*context), context,
                                               [this](IngestStream* closed) { Closed(closed); });
  Stream gives_way;
  {
    MutexLock lock(mutex_);
    if (draining_) {
      return new RefusedStream(ShuttingDown());
    }
    if (streams_.size() >= shared_.limits.streams) {
      gives_way = Dispensable();
      if (gives_way == nullptr) {
        return new RefusedStream(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                              "Too many streams are open; use fewer, each with "
                                              "several batches in flight."));
      }
      streams_.erase(gives_way);
      leaving_.insert(gives_way);
    }
    streams_.insert(stream);
  }
  if (gives_way != nullptr) {
    gives_way->GiveWay(MakeRoom());
  }
  stream->Start();
  return stream.get();
}

// Chooses from the connection with the most streams, so that nobody can hold more than a share
// of them, the stream that has been idle longest.
IngestService::Stream IngestService::Dispensable() const {
  if (leaving_.size() >= shared_.limits.streams) {
    return nullptr;
  }
  absl::flat_hash_map<absl::string_view, size_t> streams_of;
  for (const Stream& stream : streams_) {
    ++streams_of[stream->peer()];
  }
  Stream found;
  std::pair<size_t, std::chrono::nanoseconds> found_rank;
  const auto now = std::chrono::steady_clock::now();
  for (const Stream& stream : streams_) {
    const std::optional<IngestStream::Instant> since = stream->DispensableSince();
    if (since.has_value()) {
      const std::pair<size_t, std::chrono::nanoseconds> rank(streams_of[stream->peer()],
                                                             now - *since);
      if (found == nullptr || rank > found_rank) {
        found = stream;
        found_rank = rank;
      }
    }
  }
  return found;
}

void IngestService::Closed(IngestStream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream->shared_from_this());
  leaving_.erase(stream->shared_from_this());
  closed_.notify_all();
}

grpc::ServerUnaryReactor* IngestService::Write(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  auto* const call = new WriteCall(shared_, PrincipalOf(*context), *response);
  if (draining()) {
    call->Finish(ShuttingDown());
  } else {
    call->Start(*request);
  }
  return call;
}

}  // namespace itemized::server
