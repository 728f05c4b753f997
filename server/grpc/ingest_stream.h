// SPDX-License-Identifier: Apache-2.0
#pragma once

// One client's Ingest stream.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/ingest_queue.h"
#include "storage/base/mutex.h"

namespace itemized::server {

struct IngestLimits {
  size_t streams = 256;                       // Open at a time.
  size_t stream_batches = 32;                 // Read and not acknowledged, of one stream.
  int64_t stream_bytes = int64_t{16} << 20;   // The same in bytes of messages.
  int64_t server_bytes = int64_t{256} << 20;  // Of all streams together.
};

// As Database::BeginSession.
using BeginSession =
    std::function<void(const ProducerHello&, std::function<void(absl::StatusOr<ProducerSession>)>)>;

// What the streams of a server have in common. Outlives them.
struct IngestShared {
  IngestQueue* queue = nullptr;
  BeginSession begin_session;
  IngestLimits limits;
  std::atomic<int64_t> bytes = 0;  // Read and not yet settled, of all streams.
};

// Reads batches while there is room for them, and acknowledges them in order.
// Owns itself from Start until the call is over and the database has answered
// for every batch.
class IngestStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                     public std::enable_shared_from_this<IngestStream> {
 public:
  // `on_closed` is called when the call is over.
  IngestStream(IngestShared& shared, std::function<void(IngestStream*)> on_closed);

  void Start();

  // Reads nothing more, acknowledges what was read, then ends the call with
  // UNAVAILABLE. Thread-safe.
  void Drain();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // A message that was read and to which the answer has not been sent.
  struct Unanswered {
    int64_t bytes = 0;
    bool settled = false;
    absl::StatusOr<itemized::v1::IngestResponse> answer = absl::UnknownError("pending");
  };
  struct Producer {
    ProducerId id{};
    ProducerSession session;  // As long as the stream, and the batches that wait for answers.
  };

  void ReadMessage();
  void Greet(const ProducerHello& hello, Unanswered* message);
  void Welcome(const ProducerHello& hello, Unanswered* message,
               absl::StatusOr<ProducerSession> session);
  void Submit(DecodedIngestRequest request, Unanswered* message);
  Unanswered* Expect(int64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void Settle(Unanswered* message, absl::StatusOr<itemized::v1::IngestResponse> answer);

  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdvanceWriting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdvanceReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseReading(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  IngestShared& shared_;
  const std::function<void(IngestStream*)> on_closed_;
  grpc::ByteBuffer request_;   // gRPC's while reading_.
  grpc::ByteBuffer response_;  // gRPC's while writing_.

  Mutex mutex_;
  std::shared_ptr<IngestStream> self_ ABSL_GUARDED_BY(mutex_);  // From Start to OnDone.
  std::deque<Unanswered> unanswered_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;      // Of messages that are not settled.
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;     // A message has been read.
  bool greeting_ ABSL_GUARDED_BY(mutex_) = false;  // The Welcome is not known yet.
  std::optional<Producer> producer_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // The client is gone.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);  // To end with once all is acknowledged.
};

// A call that ends at once.
class RefusedStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// What clients are told once the server is going down.
grpc::Status ShuttingDown();

}  // namespace itemized::server
