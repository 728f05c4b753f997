// SPDX-License-Identifier: Apache-2.0
#pragma once

// IngestStream is one client's Ingest stream.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/ingest_queue.h"
#include "server/api/log_sampler.h"
#include "server/api/memory_budget.h"
#include "server/api/principal.h"
#include "server/convert/batch_decoder.h"
#include "server/grpc/handover.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Limits each stream, so that none lives at the cost of others. IngestQueue decides what
// all senders together may have.
struct IngestLimits {
  size_t streams = 256;  // This is the most that may be open at a time.
  // A stream is read no further while it has this many batches, or bytes of messages, that are
  // not acknowledged.
  size_t stream_batches = 32;
  int64_t stream_bytes = int64_t{16} << 20;
  // A stream is read no further while its client leaves this many bytes of answers untaken.
  int64_t answer_bytes = int64_t{1} << 20;
  // A client that does not take an answer for this long gives way when there is no room.
  std::chrono::seconds stalled_after{10};
};

// Does what BeginSession of server/api/answers.h does.
using SessionBeginner = std::function<void(const Principal&, const ProducerHello&,
                                           std::function<void(absl::StatusOr<ProducerSession>)>)>;

// Holds what the streams of a server have in common. It outlives them.
struct IngestShared {
  IngestQueue* queue = nullptr;
  SessionBeginner begin_session;
  IngestLimits limits;
  MemoryBudget* memory = nullptr;  // Charged for messages read, and answers until they are written.
  LogSampler refused_hellos{};
};

// Reads batches while there is room for them, and acknowledges them in order.
// A stream owns itself from Start until the call is over and the database has answered
// for every batch.
class IngestStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                     public std::enable_shared_from_this<IngestStream> {
 public:
  // `on_closed` is called when the call is over.
  IngestStream(IngestShared& shared, const Principal& principal,
               grpc::CallbackServerContext* context, std::function<void(IngestStream*)> on_closed);

  // Names the address of the connection, as in "ipv4:127.0.0.1:5432".
  const std::string& peer() const { return peer_; }

  void Start();

  // Reads nothing more, acknowledges what was read, then ends the call with
  // `reason`. Thread-safe.
  void Drain(const grpc::Status& reason);

  // Drains the stream, but one whose client does not take the answers ends at once, with
  // CANCELLED. Thread-safe.
  void GiveWay(const grpc::Status& reason);

  using Instant = std::chrono::steady_clock::time_point;
  // Tells since when nobody would miss the stream, as nothing of it is unanswered or its client
  // does not take the answers. Returns nothing while it is at work. Thread-safe.
  std::optional<Instant> DispensableSince() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // Stands for a message that was read and to which the answer has not been sent.
  struct Unanswered {
    int64_t bytes = 0;  // The message had so many; they count until it is settled.
    MemoryBudget::Charge charge;
    int64_t answer_bytes = 0;
    bool settled = false;
    absl::StatusOr<itemized::v1::IngestResponse> answer =
        absl::UnknownError("The database has not answered yet.");
  };
  struct Producer {
    ProducerId id{};
    ProducerSession session;  // Lasts as long as the stream, and the batches that wait for answers.
  };

  bool is_stalled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadMessage();
  void Greet(const ProducerHello& hello, Unanswered* message);
  void Welcome(const ProducerHello& hello, Unanswered* message,
               absl::StatusOr<ProducerSession> session);
  void Submit(DecodedIngestRequest request, int64_t bytes, Unanswered* message);
  Unanswered* Expect(int64_t bytes, MemoryBudget::Charge charge) ABSL_LOCKS_EXCLUDED(mutex_);
  void TellRefused(const absl::Status& status);
  void Settle(Unanswered* message, absl::StatusOr<itemized::v1::IngestResponse> answer);

  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdvanceWriting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdvanceReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseReading(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  IngestShared& shared_;
  const Principal principal_;
  const std::string peer_;
  const std::function<void(IngestStream*)> on_closed_;
  Handover handover_;          // It hands what is constant to those who read.
  grpc::ByteBuffer request_;   // It belongs to gRPC while reading_ is set.
  grpc::ByteBuffer response_;  // It belongs to gRPC while writing_ is set.

  mutable Mutex mutex_;
  std::shared_ptr<IngestStream> self_ ABSL_GUARDED_BY(mutex_);    // It is set until OnDone.
  grpc::CallbackServerContext* context_ ABSL_GUARDED_BY(mutex_);  // OnDone makes it null.
  std::deque<Unanswered> unanswered_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;         // Messages that are not settled have so many.
  int64_t answer_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Answers that are not written have so many.
  // The answer that is being written has these two.
  MemoryBudget::Charge written_charge_ ABSL_GUARDED_BY(mutex_);
  int64_t written_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  Instant changed_at_ ABSL_GUARDED_BY(mutex_) = std::chrono::steady_clock::now();
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;     // A message has been read.
  bool greeting_ ABSL_GUARDED_BY(mutex_) = false;  // The Welcome is not known yet.
  std::optional<Producer> producer_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // The client is gone.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);  // The call ends with it once all is acknowledged.
};

// Ends a call at once.
class RefusedStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// Tells clients that the server is going down.
grpc::Status ShuttingDown();

// A message and what becomes of it take at most this many times its length.
inline constexpr int64_t kMemoryPerMessageByte = 2;

}  // namespace itemized::server
