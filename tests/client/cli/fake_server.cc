// SPDX-License-Identifier: Apache-2.0
#include "tests/client/cli/fake_server.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "client/cli/execute.h"
#include "storage/base/check.h"

namespace itemized::cli {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t NowUs() const override { return kTestNowUs; }
};

}  // namespace

FakeServer::FakeServer() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(static_cast<pb::QueryService::Service*>(this));
  builder.RegisterService(static_cast<pb::AnalysisService::Service*>(this));
  builder.RegisterService(static_cast<pb::RatesService::Service*>(this));
  builder.RegisterService(static_cast<pb::ServerInfoService::Service*>(this));
  builder.RegisterService(static_cast<pb::IngestService::Service*>(this));
  server_ = builder.BuildAndStart();
  CHECK(server_ != nullptr && port != 0);
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::vector<pb::Event> FakeServer::events() const {
  const MutexLock lock(mutex_);
  return events_;
}

std::vector<int> FakeServer::batch_sizes() const {
  const MutexLock lock(mutex_);
  return batch_sizes_;
}

pb::BatchResult FakeServer::Take(const pb::Batch& batch) {
  const MutexLock lock(mutex_);
  events_.insert(events_.end(), batch.events().begin(), batch.events().end());
  batch_sizes_.push_back(batch.events_size());
  if (judge) {
    return judge(batch);
  }
  pb::BatchResult result;
  result.set_accepted(batch.events_size());
  return result;
}

grpc::Status FakeServer::Ingest(grpc::ServerContext*, Ingested* stream) {
  pb::IngestRequest request;
  std::string producer;
  for (int taken = 0; stream->Read(&request);) {
    pb::IngestResponse response;
    if (request.has_hello()) {
      const MutexLock lock(mutex_);
      producer = request.hello().producer_id();
      response.mutable_welcome()->set_last_sequence(last_sequences_[producer]);
    } else if (taken++ == batches_max) {
      return {grpc::StatusCode::UNAVAILABLE, "The disk is full: make room."};
    } else {
      response.set_sequence(request.sequence());
      *response.mutable_result() = TakeOnce(producer, request);
    }
    stream->Write(response);
  }
  return grpc::Status::OK;
}

pb::BatchResult FakeServer::TakeOnce(const std::string& producer,
                                     const pb::IngestRequest& request) {
  {
    const MutexLock lock(mutex_);
    uint64_t& last = last_sequences_[producer];
    CHECK(request.sequence() <= last + 1);
    if (request.sequence() <= last) {
      pb::BatchResult known;
      known.set_duplicate(request.batch().events_size());
      return known;
    }
    last = request.sequence();
  }
  return Take(request.batch());
}

std::string AbsentAddress() {
  return FakeServer().address();
}

Outcome RunAt(const std::string& address, const std::vector<std::string>& words,
              const RunOptions& options) {
  const FixedClock clock;
  const std::atomic<bool> interrupted = options.interrupted;
  std::ostringstream out;
  std::ostringstream err;
  Environment env;
  env.out = &out;
  env.err = &err;
  env.stdin_fd = options.stdin_fd;
  env.canvas.width = options.width;
  env.out_is_terminal = options.out_is_terminal;
  env.err_canvas.width = options.width;
  env.err_is_terminal = options.err_is_terminal;
  env.server = address;
  env.clock = &clock;
  env.interrupted = &interrupted;
  env.patience = options.patience;
  Outcome outcome;
  outcome.exit_status = Execute(words, env);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

std::string TestFile(const std::string& name, const std::string& content) {
  static std::atomic<int> count = 0;
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string directory = absl::StrCat(testing::TempDir(), "/", test.test_suite_name(), ".",
                                             test.name(), ".", ++count, ".", getpid());
  std::filesystem::create_directories(directory);
  const std::string path = absl::StrCat(directory, "/", name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace itemized::cli
