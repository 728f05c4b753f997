// SPDX-License-Identifier: Apache-2.0
#include "bench/load/ingest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "itemized/v1/ingest.grpc.pb.h"

#include "bench/load/workload.h"
#include "storage/base/check.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double MillisBetween(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::chrono::system_clock::time_point ToSystemTime(SteadyClock::time_point time) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(time - SteadyClock::now());
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
         int window, std::chrono::nanoseconds interval, const std::atomic<bool>* stop)
      : stub_(std::move(channel)),
        messages_(messages),
        window_(static_cast<size_t>(window)),
        interval_(interval),
        stop_(stop) {
    call_ = stub_.PrepareCall(&context_, "/itemized.v1.IngestService/Ingest", &queue_);
    call_->StartCall(Tag(kStart));
    CHECK(Next() == kStart);
    sent_at_.resize(messages_->size());
  }

  absl::Status Run() {
    start_ = SteadyClock::now();
    call_->Read(&answer_, Tag(kRead));
    SendIfPossible();
    while (LooksForMore()) {
      const int event = NextOrDue();
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
  enum Event : int { kDue, kStart, kRead, kWrite, kWritesDone, kFinish };

  static void* Tag(int event) { return reinterpret_cast<void*>(static_cast<intptr_t>(event)); }

  int Next() {
    void* tag = nullptr;
    CHECK(queue_.Next(&tag, &ok_));
    return static_cast<int>(reinterpret_cast<intptr_t>(tag));
  }

  // The next event; kDue if a message that could be sent is due before it.
  int NextOrDue() {
    if (!CanSend()) {
      return Next();
    }
    void* tag = nullptr;
    if (queue_.AsyncNext(&tag, &ok_, ToSystemTime(DueAt())) == grpc::CompletionQueue::TIMEOUT) {
      ok_ = true;
      return kDue;
    }
    return static_cast<int>(reinterpret_cast<intptr_t>(tag));
  }

  // Whether anything is to be sent or acknowledged yet. Only this looks whether the stream is to
  // stop, for otherwise it could wait for an event that nobody causes.
  bool LooksForMore() {
    is_stopped_ = stop_ != nullptr && *stop_;
    return acked_ < (is_stopped_ ? sent_ : messages_->size());
  }
  bool CanSend() const {
    return !writing_ && !is_stopped_ && sent_ < messages_->size() && sent_ - acked_ < window_;
  }
  SteadyClock::time_point DueAt() const { return start_ + interval_ * sent_; }

  void SendIfPossible() {
    const auto now = SteadyClock::now();
    if (!CanSend() || DueAt() > now) {
      return;
    }
    writing_ = true;
    sent_at_[sent_] = interval_.count() > 0 ? DueAt() : now;
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
  const std::chrono::nanoseconds interval_;
  const std::atomic<bool>* const stop_;  // May be null.
  SteadyClock::time_point start_;
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
  bool is_stopped_ = false;
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
                                        int window, std::chrono::nanoseconds interval,
                                        const std::atomic<bool>* stop) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (const auto& part : messages) {
    streams.push_back(
        std::make_unique<Stream>(OpenChannel(address), &part, window, interval, stop));
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

namespace {

v1::WriteRequest OneCall(int caller, int64_t number) {
  v1::WriteRequest request;
  v1::Call& call = *request.mutable_batch()->add_events()->mutable_call();
  call.set_event_id(absl::StrCat("unary-", caller, "-", number));
  call.set_time_unix_us(absl::ToUnixMicros(absl::Now()));
  call.set_workflow(WorkflowName(caller % kWorkflows));
  call.set_workflow_id(absl::StrCat("unary-run-", caller, "-", number / 11));
  call.set_step(StepName(static_cast<int>(number % kSteps)));
  call.set_provider(kModels[0].provider);
  call.set_model(kModels[0].name);
  call.mutable_usage()->set_input_tokens(1'000 + number % 500);
  call.mutable_usage()->set_output_tokens(100 + number % 50);
  call.set_duration_us(1'500'000);
  return request;
}

// Calls acknowledged until `end`, or an error.
absl::StatusOr<int64_t> WriteUntil(SteadyClock::time_point end, const std::string& address,
                                   int caller) {
  const auto stub = v1::IngestService::NewStub(OpenChannel(address));
  int64_t sent = 0;
  for (; SteadyClock::now() < end; ++sent) {
    grpc::ClientContext context;
    v1::WriteResponse response;
    const grpc::Status status = stub->Write(&context, OneCall(caller, sent), &response);
    if (!status.ok() || response.result().accepted() != 1) {
      return absl::UnavailableError(absl::StrCat("A call was not taken: ", status.error_message()));
    }
  }
  return sent;
}

}  // namespace

absl::StatusOr<double> RunUnary(const std::string& address, int callers, double seconds) {
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(
                               std::chrono::duration<double>(seconds));
  std::vector<absl::StatusOr<int64_t>> counts(static_cast<size_t>(callers), 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] { counts[static_cast<size_t>(i)] = WriteUntil(end, address, i); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  int64_t sum = 0;
  for (const auto& count : counts) {
    if (!count.ok()) {
      return count.status();
    }
    sum += *count;
  }
  return static_cast<double>(sum) / (MillisBetween(start, SteadyClock::now()) / 1000);
}

}  // namespace itemized::bench
