// SPDX-License-Identifier: Apache-2.0
#pragma once

// Streams batches into a server, with a bounded number of them unacknowledged. An example:
//
//   BatchStream stream(connection, on_ack);
//   RETURN_IF_ERROR(stream.Send(batch, 1));
//   RETURN_IF_ERROR(stream.Finish());  // Every batch is on the server's disk now.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "client/cpp/connection.h"
#include "client/cpp/producer.h"
#include "storage/base/mutex.h"

namespace itemized::client {

// One Ingest stream. One thread at a time may call Send and Finish, any thread Cancel. After an
// error the stream is of no more use: what was not acknowledged may be sent again over a new one.
class BatchStream {
 public:
  // Is called for each batch in the order sent, from the reader thread. It must neither call back
  // into the stream (except Cancel) nor block for long.
  using AckCallback = std::function<void(uint64_t sequence, const pb::BatchResult& result)>;
  // Is called at most once, from the reader thread, if the stream ends before Finish.
  using BrokenCallback = std::function<void(const absl::Status& status)>;

  struct Options {
    size_t window = 16;  // So many batches may be sent and not acknowledged; > 0.
    BrokenCallback on_broken = nullptr;
    // If there is one, the stream begins with a Hello, and batches follow its Welcome.
    std::optional<Producer> producer = std::nullopt;
  };

  BatchStream(std::shared_ptr<Connection> connection, AckCallback on_ack, Options options);
  BatchStream(std::shared_ptr<Connection> connection, AckCallback on_ack)
      : BatchStream(std::move(connection), std::move(on_ack), Options()) {}
  ~BatchStream();  // Cancels what is not finished.

  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  // Connects a producer's stream and waits for what the server holds of it, which is the newest
  // sequence of this epoch. Its errors are those of Send.
  absl::StatusOr<uint64_t> AwaitWelcome();

  // Sends one batch; blocks while the window is full. `batch` is not copied and no longer needed
  // once Send returns. The first batch makes the connection. Errors are that which ended the
  // stream, and UNAVAILABLE if no server answers.
  absl::Status Send(const pb::Batch& batch, uint64_t sequence);

  // Says that no more batches come, and waits until all are acknowledged. Its errors are those of
  // Send.
  absl::Status Finish();

  // Ends the stream at once; Send and Finish return CANCELLED.
  void Cancel() { context_.TryCancel(); }

 private:
  using Stream = grpc::ClientReaderWriter<pb::IngestRequest, pb::IngestResponse>;

  void Start();
  void Greet();
  bool ReadWelcome();
  absl::Status WaitForRoom();
  absl::Status WaitForEnd();
  bool CountAck();
  void ReadAcks();
  void End(const grpc::Status& status);

  const std::shared_ptr<Connection> connection_;
  const AckCallback on_ack_;
  const Options options_;
  const std::unique_ptr<pb::IngestService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;  // Set by the first Send.
  std::thread reader_;

  Mutex mutex_;
  CondVar changed_;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // Batches sent but not acknowledged.
  std::optional<uint64_t> welcome_ ABSL_GUARDED_BY(mutex_);
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // How the stream ended.
};

}  // namespace itemized::client
