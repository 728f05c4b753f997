// SPDX-License-Identifier: Apache-2.0
#include "tests/client/cpp/fake_ingest_server.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"

namespace itemized::client {

namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

}  // namespace

FakeIngestServer::FakeIngestServer(FakeStore& store, int port, bool acks)
    : store_(store), acks_allowed_(acks ? kUnlimited : 0) {
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  CHECK(server_ != nullptr && port_ != 0);
}

FakeIngestServer::~FakeIngestServer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeIngestServer::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

void FakeIngestServer::AllowAcks(int64_t count) {
  MutexLock lock(mutex_);
  acks_allowed_ += count;
  changed_.notify_all();
}

int64_t FakeIngestServer::most_in_flight() const {
  MutexLock lock(mutex_);
  return most_in_flight_;
}

void FakeIngestServer::MixUpSequences(bool on) {
  MutexLock lock(mutex_);
  mix_up_ = on;
}

// Waits until one more acknowledgement is allowed; false when it never will be.
bool FakeIngestServer::TakeAck() {
  MutexLock lock(mutex_);
  while (acks_allowed_ == 0 && !stopping_) {
    changed_.wait(mutex_);
  }
  if (stopping_) {
    return false;
  }
  --acks_allowed_;
  --in_flight_;
  return true;
}

grpc::Status FakeIngestServer::Ingest(
    grpc::ServerContext*, grpc::ServerReaderWriter<pb::IngestResponse, pb::IngestRequest>* stream) {
  std::deque<pb::IngestResponse> responses;  // Guarded by mutex_, as is `done`.
  bool done = false;
  std::thread acker([&] {
    while (true) {
      pb::IngestResponse response;
      {
        MutexLock lock(mutex_);
        while (responses.empty() && !done) {
          changed_.wait(mutex_);
        }
        if (responses.empty()) {
          return;
        }
        response = std::move(responses.front());
        responses.pop_front();
        response.set_sequence(response.sequence() +
                              (mix_up_ && !response.has_welcome() ? 1000 : 0));
      }
      if (!TakeAck()) {
        return;
      }
      stream->Write(response);
    }
  });
  pb::IngestRequest request;
  std::string producer;
  uint64_t session = 0;
  grpc::Status status;
  while (status.ok() && stream->Read(&request)) {
    pb::IngestResponse response;
    status = Answer(request, &producer, &session, &response);
    if (!status.ok()) {
      break;
    }
    MutexLock lock(mutex_);
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    acks_allowed_ += response.has_welcome() && acks_allowed_ < kUnlimited ? 1 : 0;
    responses.push_back(std::move(response));
    changed_.notify_all();
  }
  {
    MutexLock lock(mutex_);
    done = true;
    changed_.notify_all();
  }
  acker.join();
  return status;
}

grpc::Status FakeIngestServer::Answer(const pb::IngestRequest& request, std::string* producer,
                                      uint64_t* session, pb::IngestResponse* response) {
  if (request.has_hello()) {
    FakeStore::Producer begun;
    const grpc::Status status = store_.Begin(request.hello(), &begun);
    *producer = request.hello().producer_id();
    *session = begun.session;
    response->mutable_welcome()->set_last_sequence(begun.last_sequence);
    return status;
  }
  bool known = false;
  if (!producer->empty()) {
    const grpc::Status status = store_.Take(*producer, *session, request, &known);
    if (!status.ok()) {
      return status;
    }
  }
  response->set_sequence(request.sequence());
  if (known) {
    const pb::Batch& batch = request.batch();
    response->mutable_result()->set_duplicate(batch.events_size() +
                                              batch.columns().time_offset_us_size());
  } else {
    *response->mutable_result() = store_.Store(request.batch());
  }
  return grpc::Status::OK;
}

grpc::Status FakeIngestServer::Write(grpc::ServerContext*, const pb::WriteRequest* request,
                                     pb::WriteResponse* response) {
  *response->mutable_result() = store_.Store(request->batch());
  return grpc::Status::OK;
}

std::string AbsentAddress() {
  FakeStore store;
  return FakeIngestServer(store, 0).address();
}

}  // namespace itemized::client
