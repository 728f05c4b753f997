// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/ingest_service.h"

#include <utility>

#include "server/convert/batch_decoder.h"
#include "server/convert/status.h"
#include "server/grpc/byte_buffer.h"
#include "storage/base/check.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

grpc::Status Overloaded() {
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      "too many events wait to be stored; send the batch again a little later");
}

}  // namespace

IngestService::IngestService(IngestQueue& queue, BeginSession begin_session, IngestLimits limits) {
  shared_.queue = &queue;
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
    stream->Drain();
  }
}

bool IngestService::AwaitStreams(std::chrono::system_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!streams_.empty()) {
    if (closed_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
      return streams_.empty();
    }
  }
  return true;
}

IngestService::~IngestService() {
  const MutexLock lock(mutex_);
  CHECK(streams_.empty());
}

bool IngestService::draining() const {
  MutexLock lock(mutex_);
  return draining_;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestService::Ingest(
    grpc::CallbackServerContext* /*context*/) {
  auto stream =
      std::make_shared<IngestStream>(shared_, [this](IngestStream* closed) { Closed(closed); });
  {
    MutexLock lock(mutex_);
    if (draining_) {
      return new RefusedStream(ShuttingDown());
    }
    if (streams_.size() >= shared_.limits.streams) {
      return new RefusedStream(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                            "too many streams are open; use fewer, each with "
                                            "several batches in flight"));
    }
    streams_.insert(stream);
  }
  stream->Start();
  return stream.get();
}

void IngestService::Closed(IngestStream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream->shared_from_this());
  closed_.notify_all();
}

grpc::ServerUnaryReactor* IngestService::Write(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (draining()) {
    reactor->Finish(ShuttingDown());
    return reactor;
  }
  absl::StatusOr<DecodedBatch> batch = DecodeWriteRequest(Flatten(*request));
  if (!batch.ok()) {
    reactor->Finish(ToGrpcStatus(batch.status()));
    return reactor;
  }
  if (!shared_.queue->HasRoom(batch->events) || shared_.bytes >= shared_.limits.server_bytes) {
    reactor->Finish(Overloaded());
    return reactor;
  }
  const auto bytes = static_cast<int64_t>(request->Length());
  shared_.bytes += bytes;
  shared_.queue->Submit(*std::move(batch), std::nullopt,
                        [this, bytes, reactor, response](auto result) {
                          shared_.bytes -= bytes;
                          if (result.ok()) {
                            pb::WriteResponse answer;
                            *answer.mutable_result() = *std::move(result);
                            Serialize(answer, *response);
                          }
                          reactor->Finish(ToGrpcStatus(result.status()));
                        });
  return reactor;
}

}  // namespace itemized::server
