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

// Methods take raw bytes: see batch_decoder.h.
using RawIngestService = itemized::v1::IngestService::WithRawCallbackMethod_Ingest<
    itemized::v1::IngestService::WithRawCallbackMethod_Write<itemized::v1::IngestService::Service>>;

// Thread-safe.
class IngestService final : public RawIngestService {
 public:
  // `queue` and `memory` outlive the service, and the service every call.
  IngestService(IngestQueue& queue, BeginSession begin_session, MemoryBudget& memory,
                IngestLimits limits);
  ~IngestService() override;

  // Takes nothing more: open streams acknowledge what they have read and end,
  // new calls are refused with UNAVAILABLE.
  void Drain();

  // Waits until every stream has ended; false if some had not by `deadline`.
  bool AwaitStreams(std::chrono::system_clock::time_point deadline);

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Ingest(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;

 private:
  using Stream = std::shared_ptr<IngestStream>;

  // A stream that gives way to a new one; null if all are at work.
  Stream Dispensable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Closed(IngestStream* stream);
  bool draining() const;

  IngestShared shared_;
  mutable Mutex mutex_;
  CondVar closed_;  // A stream ended.
  // Keeps streams from vanishing under Drain.
  std::set<Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::set<Stream> leaving_ ABSL_GUARDED_BY(mutex_);  // Gave way, and have not ended yet.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace itemized::server
