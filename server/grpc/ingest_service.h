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
  // `queue` outlives the service, and the service every call.
  IngestService(IngestQueue& queue, BeginSession begin_session, IngestLimits limits);
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
  void Closed(IngestStream* stream);
  bool draining() const;

  IngestShared shared_;
  mutable Mutex mutex_;
  CondVar closed_;  // A stream ended.
  // Keeps streams from vanishing under Drain.
  std::set<std::shared_ptr<IngestStream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace itemized::server
