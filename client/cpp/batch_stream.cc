// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/batch_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::client {

namespace {

// Lends a batch to a request for the length of one write: a batch of rows
// would cost more to copy than to send.
class LentBatch {
 public:
  LentBatch(pb::IngestRequest& request, const pb::Batch& batch) : request_(request) {
    request_.unsafe_arena_set_allocated_batch(const_cast<pb::Batch*>(&batch));
  }
  ~LentBatch() { request_.unsafe_arena_release_batch(); }
  LentBatch(const LentBatch&) = delete;
  LentBatch& operator=(const LentBatch&) = delete;

 private:
  pb::IngestRequest& request_;
};

}  // namespace

BatchStream::BatchStream(std::shared_ptr<Connection> connection, AckCallback on_ack,
                         Options options)
    : connection_(std::move(connection)),
      on_ack_(std::move(on_ack)),
      options_(std::move(options)),
      stub_(pb::IngestService::NewStub(connection_->channel())) {
  CHECK(options_.window > 0);
  // Headers go out with the first batch, so that starting the call never blocks.
  context_.set_initial_metadata_corked(true);
}

BatchStream::~BatchStream() {
  if (reader_.joinable()) {
    {
      MutexLock lock(mutex_);
      finishing_ = true;  // Our own cancelling is no news to anybody.
    }
    Cancel();
    reader_.join();
  }
}

void BatchStream::Start() {
  stream_ = stub_->Ingest(&context_);
  if (options_.producer.has_value()) {
    Greet();
  }
  reader_ = std::thread([this] { ReadAcks(); });
}

void BatchStream::Greet() {
  pb::IngestRequest request;
  request.mutable_hello()->set_producer_id(options_.producer->id);
  request.mutable_hello()->set_epoch(options_.producer->epoch);
  request.mutable_hello()->set_acknowledged_sequence(options_.producer->acknowledged_sequence);
  stream_->Write(request);  // If it fails, so does the reading of the answer.
}

absl::StatusOr<uint64_t> BatchStream::AwaitWelcome() {
  CHECK(options_.producer.has_value());
  if (stream_ == nullptr) {
    Start();
  }
  MutexLock lock(mutex_);
  while (!ended_ && !welcome_.has_value()) {
    changed_.wait(mutex_);
  }
  if (ended_) {
    return status_;
  }
  return *welcome_;
}

absl::Status BatchStream::Send(const pb::Batch& batch, uint64_t sequence) {
  if (options_.producer.has_value()) {
    RETURN_IF_ERROR(AwaitWelcome().status());
  } else if (stream_ == nullptr) {
    Start();
  }
  RETURN_IF_ERROR(WaitForRoom());
  pb::IngestRequest request;
  request.set_sequence(sequence);
  const LentBatch lent(request, batch);
  return stream_->Write(request) ? absl::OkStatus() : WaitForEnd();
}

absl::Status BatchStream::Finish() {
  if (stream_ == nullptr) {
    return absl::OkStatus();
  }
  {
    MutexLock lock(mutex_);
    finishing_ = true;
  }
  stream_->WritesDone();
  return WaitForEnd();
}

absl::Status BatchStream::WaitForRoom() {
  MutexLock lock(mutex_);
  while (!ended_ && in_flight_ == options_.window) {
    changed_.wait(mutex_);
  }
  if (ended_) {
    return status_;
  }
  ++in_flight_;
  return absl::OkStatus();
}

absl::Status BatchStream::WaitForEnd() {
  MutexLock lock(mutex_);
  while (!ended_) {
    changed_.wait(mutex_);
  }
  return status_;
}

// False if nothing was waiting for an acknowledgement.
bool BatchStream::CountAck() {
  MutexLock lock(mutex_);
  if (in_flight_ == 0) {
    return false;
  }
  --in_flight_;
  changed_.notify_all();
  return true;
}

// False if the server greeted with something else.
bool BatchStream::ReadWelcome() {
  pb::IngestResponse response;
  if (!stream_->Read(&response)) {
    return true;  // The stream has ended, and says why.
  }
  MutexLock lock(mutex_);
  if (response.has_welcome()) {
    welcome_ = response.welcome().last_sequence();
  }
  changed_.notify_all();
  return response.has_welcome();
}

void BatchStream::ReadAcks() {
  pb::IngestResponse response;
  bool sane = !options_.producer.has_value() || ReadWelcome();
  while (sane && stream_->Read(&response)) {
    sane = CountAck();
    if (sane) {
      on_ack_(response.sequence(), response.result());
    }
  }
  if (!sane) {
    Cancel();
    stream_->Finish();
    End({grpc::StatusCode::INTERNAL, "The server answered something that was never asked."});
    return;
  }
  End(stream_->Finish());
}

void BatchStream::End(const grpc::Status& grpc_status) {
  absl::Status status = connection_->ToStatus(grpc_status);
  bool broken = false;
  {
    MutexLock lock(mutex_);
    if (status.ok() && (in_flight_ > 0 || !finishing_)) {
      status = absl::UnavailableError(absl::StrCat(
          "The itemized server at ", connection_->address(), " closed the stream with ", in_flight_,
          " batches not acknowledged; send them again."));
    }
    broken = !finishing_;
    status_ = status;
    ended_ = true;
    changed_.notify_all();
  }
  if (broken && options_.on_broken) {
    options_.on_broken(status);
  }
}

}  // namespace itemized::client
