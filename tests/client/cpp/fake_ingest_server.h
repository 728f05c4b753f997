// SPDX-License-Identifier: Apache-2.0
#pragma once

// An ingest server in this process that keeps what it is sent in memory,
// counts each event id once, and misbehaves on demand.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/ingest.grpc.pb.h"

#include "storage/base/mutex.h"

namespace itemized::client {

namespace pb = itemized::v1;

// What outlives a restart of the server. Thread-safe.
class FakeStore {
 public:
  // Refuses calls for which it returns a sentence.
  using Judge = std::function<std::string(const pb::Call&)>;

  void set_judge(Judge judge);
  pb::BatchResult Store(const pb::Batch& batch);

  // What the server knows of a producer (itemized.v1.Hello).
  struct Producer {
    uint64_t epoch = 0;
    uint64_t last_sequence = 0;
    uint64_t session = 0;
    std::map<uint64_t, std::string> batches;  // The key is a sequence.
  };
  grpc::Status Begin(const pb::Hello& hello, Producer* producer);
  // OK and `*known` false: the batch is to be stored.
  grpc::Status Take(const std::string& id, uint64_t session, const pb::IngestRequest& request,
                    bool* known);
  std::map<std::string, Producer> producers() const;  // The key is an id.
  // Does as if a stream with the id of each producer had begun elsewhere.
  void FenceAll();
  // Loses the newest `count` batches of each producer and the calls in them.
  void Lose(uint64_t count);
  // Remembers other content than was sent.
  void AlterBatches();

  std::vector<pb::Call> calls() const;  // Each once, in the order stored.
  std::vector<pb::Completion> completions() const;
  std::vector<int> batch_sizes() const;  // Events of each batch received.
  int64_t duplicates() const;
  void AwaitCalls(size_t count) const;    // Waits for as many distinct calls.
  void AwaitBatches(size_t count) const;  // Waits for as many batches.

 private:
  mutable Mutex mutex_;
  mutable CondVar changed_;
  Judge judge_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Producer> producers_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_session_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<std::pair<std::string, std::string>> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<pb::Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<pb::Completion> completions_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> batch_sizes_ ABSL_GUARDED_BY(mutex_);
  int64_t duplicates_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The calls in the columns of a batch, one by one.
std::vector<pb::Call> RowsOf(const pb::CallColumns& columns);

class FakeIngestServer final : public pb::IngestService::Service {
 public:
  // `port` 0: any. Without `acks`, batches are stored but never acknowledged
  // until AllowAcks.
  FakeIngestServer(FakeStore& store, int port, bool acks = true);
  ~FakeIngestServer() override;  // Breaks all streams.

  int port() const { return port_; }
  std::string address() const;
  // Lets `count` more batches be acknowledged.
  void AllowAcks(int64_t count);
  // The most batches that were received but not acknowledged at a time.
  int64_t most_in_flight() const;
  // Acknowledges sequences that nobody sent.
  void MixUpSequences(bool on);

  grpc::Status Ingest(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<pb::IngestResponse, pb::IngestRequest>* stream) override;
  grpc::Status Write(grpc::ServerContext* context, const pb::WriteRequest* request,
                     pb::WriteResponse* response) override;

 private:
  bool TakeAck();
  grpc::Status Answer(const pb::IngestRequest& request, std::string* producer, uint64_t* session,
                      pb::IngestResponse* response);

  FakeStore& store_;
  mutable Mutex mutex_;
  CondVar changed_;
  int64_t acks_allowed_ ABSL_GUARDED_BY(mutex_);
  int64_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t most_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool mix_up_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A loopback address where nothing listens.
std::string AbsentAddress();

}  // namespace itemized::client
