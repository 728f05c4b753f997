#include "bench/load/ingest.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "itemized/v1/ingest.pb.h"

#include "storage/base/check.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double MillisBetween(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// One stream, driven by one thread. The generic stub takes bytes as they are,
// so the client's share of the work is the transport alone.
class Stream {
 public:
  Stream(std::shared_ptr<grpc::Channel> channel, const std::vector<grpc::ByteBuffer>* messages,
         int window)
      : stub_(std::move(channel)), messages_(messages), window_(static_cast<size_t>(window)) {
    call_ = stub_.PrepareCall(&context_, "/itemized.v1.IngestService/Ingest", &queue_);
    call_->StartCall(Tag(kStart));
    CHECK(Next() == kStart);
    sent_at_.resize(messages_->size());
  }

  absl::Status Run() {
    call_->Read(&answer_, Tag(kRead));
    SendIfPossible();
    while (acked_ < messages_->size()) {
      const int event = Next();
      if (!ok_) {
        return FinishBroken(event);
      }
      if (event == kRead) {
        TakeAck();
        call_->Read(&answer_, Tag(kRead));
      } else if (event == kWrite) {
        writing_ = false;
      }
      SendIfPossible();
    }
    return Finish();
  }

  int64_t accepted() const { return accepted_; }
  int64_t not_accepted() const { return not_accepted_; }
  const std::vector<double>& latencies_ms() const { return latencies_ms_; }

 private:
  enum Event : int { kStart = 1, kRead, kWrite, kWritesDone, kFinish };

  static void* Tag(int event) { return reinterpret_cast<void*>(static_cast<intptr_t>(event)); }

  int Next() {
    void* tag = nullptr;
    CHECK(queue_.Next(&tag, &ok_));
    return static_cast<int>(reinterpret_cast<intptr_t>(tag));
  }

  void SendIfPossible() {
    if (writing_ || sent_ == messages_->size() || sent_ - acked_ == window_) {
      return;
    }
    writing_ = true;
    sent_at_[sent_] = SteadyClock::now();
    call_->Write((*messages_)[sent_], Tag(kWrite));
    ++sent_;
  }

  void TakeAck() {
    v1::IngestResponse response;
    CHECK(grpc::SerializationTraits<v1::IngestResponse>::Deserialize(&answer_, &response).ok());
    latencies_ms_.push_back(MillisBetween(sent_at_[acked_], SteadyClock::now()));
    ++acked_;
    accepted_ += response.result().accepted();
    not_accepted_ += response.result().duplicate() + response.result().refused();
  }

  // All acknowledged: half-closes and waits for the end. A read and possibly
  // the last write are still under way.
  absl::Status Finish() {
    int open = writing_ ? 2 : 1;
    call_->WritesDone(Tag(kWritesDone));
    for (++open; open > 0; --open) {
      Next();
    }
    return Close();
  }

  absl::Status FinishBroken(int event) {
    context_.TryCancel();
    for (int open = (event == kRead ? 0 : 1) + (writing_ && event != kWrite ? 1 : 0); open > 0;
         --open) {
      Next();
    }
    const absl::Status status = Close();
    return absl::UnavailableError(
        absl::StrCat("The stream broke after ", acked_, " batches: ", status.message()));
  }

  absl::Status Close() {
    grpc::Status status;
    call_->Finish(&status, Tag(kFinish));
    CHECK(Next() == kFinish);
    if (status.ok()) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(status.error_message());
  }

  grpc::GenericStub stub_;
  const std::vector<grpc::ByteBuffer>* messages_;
  const size_t window_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::ByteBuffer answer_;
  std::vector<SteadyClock::time_point> sent_at_;
  std::vector<double> latencies_ms_;
  size_t sent_ = 0;
  size_t acked_ = 0;
  int64_t accepted_ = 0;
  int64_t not_accepted_ = 0;
  bool writing_ = false;
  bool ok_ = false;
};

}  // namespace

double QuantileOf(std::vector<double> values, double q) {
  if (values.empty()) {
    return 0;
  }
  const double rank = std::ceil(q * static_cast<double>(values.size()));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

absl::StatusOr<IngestFigures> RunIngest(const std::string& address,
                                        const std::vector<std::vector<grpc::ByteBuffer>>& messages,
                                        int window) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (const auto& part : messages) {
    streams.push_back(std::make_unique<Stream>(OpenChannel(address), &part, window));
  }
  std::vector<absl::Status> results(streams.size());
  const auto start = SteadyClock::now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < streams.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = streams[i]->Run(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  IngestFigures figures;
  figures.seconds = MillisBetween(start, SteadyClock::now()) / 1000;
  std::vector<double> latencies;
  for (size_t i = 0; i < streams.size(); ++i) {
    if (!results[i].ok()) {
      return results[i];
    }
    figures.accepted += streams[i]->accepted();
    figures.not_accepted += streams[i]->not_accepted();
    latencies.insert(latencies.end(), streams[i]->latencies_ms().begin(),
                     streams[i]->latencies_ms().end());
  }
  figures.ack_p50_ms = QuantileOf(latencies, 0.5);
  figures.ack_p99_ms = QuantileOf(latencies, 0.99);
  return figures;
}

}  // namespace itemized::bench
