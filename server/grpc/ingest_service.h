// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <set>

#include "itemized/v1/ingest.grpc.pb.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/ingest_queue.h"
#include "server/grpc/ingest_stream.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Its methods take raw bytes, for the reason that batch_decoder.h gives.
using RawIngestService = itemized::v1::IngestService::WithRawCallbackMethod_Ingest<
    itemized::v1::IngestService::WithRawCallbackMethod_Write<itemized::v1::IngestService::Service>>;

// Serves itemized.v1.IngestService: streams of batches, and batches in calls of their own.
// Thread-safe.
class IngestService final : public RawIngestService {
 public:
  // `queue` and `memory` outlive the service, and the service every call.
  IngestService(IngestQueue& queue, SessionBeginner begin_session, MemoryBudget& memory,
                IngestLimits limits);
  ~IngestService() override;

  // Takes nothing more: open streams acknowledge what they have read and end,
  // new calls are refused with UNAVAILABLE.
  void Drain();

  // Waits until every stream has ended. Returns false if some had not by `deadline`.
  bool AwaitStreams(std::chrono::system_clock::time_point deadline);

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Ingest(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;

 private:
  using Stream = std::shared_ptr<IngestStream>;

  // Finds a stream that gives way to a new one; null if all are at work.
  Stream Dispensable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Closed(IngestStream* stream);
  bool draining() const;

  IngestShared shared_;
  mutable Mutex mutex_;
  CondVar closed_;  // It tells that a stream ended.
  // Open streams are kept here, so that none vanishes under Drain.
  std::set<Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::set<Stream> leaving_ ABSL_GUARDED_BY(mutex_);  // They gave way, and have not ended yet.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace itemized::server
