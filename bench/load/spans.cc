// SPDX-License-Identifier: Apache-2.0
#include "bench/load/spans.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/server_info.grpc.pb.h"

#include "bench/load/ingest.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int64_t kSpansOfARequest = 100;
constexpr int64_t kSpansOfATrace = 10;
constexpr int kSenders = 16;  // Each waits for its answer, as an exporter does.
constexpr int64_t kSpanNs = 100'000'000;

// Fields of protobuf's wire format.
void AddBytes(int field, absl::string_view bytes, std::string* out) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | 2);
  AppendVarint(out, bytes.size());
  out->append(bytes.data(), bytes.size());
}
void AddVarint(int field, uint64_t value, std::string* out) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3);
  AppendVarint(out, value);
}
void AddFixed64(int field, uint64_t value, std::string* out) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | 1);
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AddAttribute(absl::string_view key, const std::string& value, std::string* span) {
  std::string any;
  AddBytes(1, value, &any);
  std::string pair;
  AddBytes(1, key, &pair);
  AddBytes(2, any, &pair);
  AddBytes(9, pair, span);
}
void AddAttribute(absl::string_view key, int64_t value, std::string* span) {
  std::string any;
  AddVarint(3, static_cast<uint64_t>(value), &any);
  std::string pair;
  AddBytes(1, key, &pair);
  AddBytes(2, any, &pair);
  AddBytes(9, pair, span);
}

std::string IdOf(uint64_t number) {
  // An odd factor keeps them apart, and far from each other.
  const uint64_t id = (number + 1) * 0x9E3779B97F4A7C15u;
  return {reinterpret_cast<const char*>(&id), sizeof(id)};
}

// The span of this number. Spans of a trace follow upon each other; the first is its root.
std::string Span(int64_t number, int64_t end_ns) {
  const int64_t trace = number / kSpansOfATrace;
  const bool is_root = number % kSpansOfATrace == 0;
  const std::string trace_id = IdOf(static_cast<uint64_t>(trace)) + IdOf(~uint64_t{0} / 2);
  std::string span;
  AddBytes(1, trace_id, &span);
  AddBytes(2, IdOf(static_cast<uint64_t>(number)), &span);
  if (!is_root) {
    AddBytes(4, IdOf(static_cast<uint64_t>(trace * kSpansOfATrace)), &span);
  }
  AddBytes(5, is_root ? "invoke_agent planner" : "chat gpt-5", &span);
  AddFixed64(7, static_cast<uint64_t>(end_ns - (is_root ? kSpansOfATrace : 1) * kSpanNs), &span);
  AddFixed64(8, static_cast<uint64_t>(end_ns), &span);
  const int64_t factor = is_root ? kSpansOfATrace - 1 : 1;
  AddAttribute("gen_ai.operation.name", is_root ? "invoke_agent" : "chat", &span);
  AddAttribute("gen_ai.provider.name", "openai", &span);
  AddAttribute("gen_ai.request.model", "gpt-5", &span);
  AddAttribute("gen_ai.response.model", "gpt-5-2025-08-07", &span);
  AddAttribute("gen_ai.response.id", absl::StrCat("chatcmpl-", number), &span);
  AddAttribute("gen_ai.usage.input_tokens", factor * (1'000 + number % 500), &span);
  AddAttribute("gen_ai.usage.output_tokens", factor * (100 + number % 50), &span);
  AddAttribute("gen_ai.usage.cache_read.input_tokens", factor * 500, &span);
  AddAttribute("gen_ai.agent.name", "planner", &span);
  AddAttribute("server.address", "api.openai.com", &span);
  AddAttribute("server.port", 443, &span);
  AddAttribute("gen_ai.input.messages", std::string(200, 'x'), &span);
  return span;
}

// Requests with the spans of the last hour.
std::vector<grpc::ByteBuffer> MakeRequests(int64_t spans) {
  const int64_t now_ns = absl::ToUnixNanos(absl::Now());
  const int64_t step_ns = absl::ToInt64Nanoseconds(absl::Hours(1)) / spans;
  std::vector<grpc::ByteBuffer> requests;
  for (int64_t first = 0; first < spans; first += kSpansOfARequest) {
    std::string scope_spans;
    std::string scope;
    AddBytes(1, "@opentelemetry/instrumentation-openai", &scope);
    AddBytes(1, scope, &scope_spans);
    for (int64_t i = first; i < std::min(first + kSpansOfARequest, spans); ++i) {
      AddBytes(2, Span(i, now_ns - (spans - i) * step_ns), &scope_spans);
    }
    std::string resource_spans;
    AddBytes(2, scope_spans, &resource_spans);
    std::string request;
    AddBytes(1, resource_spans, &request);
    const grpc::Slice slice(request);
    requests.emplace_back(&slice, 1);
  }
  return requests;
}

// Sends every kSenders-th request, from `first`. Adds to `latencies_ms` how long each took.
absl::Status Send(const std::string& address, const std::vector<grpc::ByteBuffer>& requests,
                  size_t first, std::vector<double>* latencies_ms) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  grpc::CompletionQueue queue;
  for (size_t i = first; i < requests.size(); i += kSenders) {
    const auto start = SteadyClock::now();
    grpc::ClientContext context;
    const auto call = stub.PrepareUnaryCall(
        &context, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", requests[i],
        &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    CHECK(queue.Next(&tag, &ok));
    if (!status.ok() || answer.Length() > 0) {
      return absl::UnavailableError(absl::StrCat("Spans were not taken: ", status.error_message()));
    }
    latencies_ms->push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count());
  }
  return absl::OkStatus();
}

struct Sent {
  double seconds = 0;
  std::vector<double> latencies_ms;
};

absl::StatusOr<Sent> SendAll(const std::string& address,
                             const std::vector<grpc::ByteBuffer>& requests) {
  std::vector<absl::Status> results(kSenders);
  std::vector<std::vector<double>> latencies(kSenders);
  std::vector<std::thread> threads;
  const auto start = SteadyClock::now();
  for (size_t i = 0; i < kSenders; ++i) {
    threads.emplace_back([&, i] { results[i] = Send(address, requests, i, &latencies[i]); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  Sent sent;
  sent.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  for (size_t i = 0; i < kSenders; ++i) {
    RETURN_IF_ERROR(results[i]);
    sent.latencies_ms.insert(sent.latencies_ms.end(), latencies[i].begin(), latencies[i].end());
  }
  return sent;
}

absl::Status CheckCalls(const std::string& address, int64_t calls) {
  const auto stub = v1::ServerInfoService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  const grpc::Status status = stub->GetServerInfo(&context, {}, &info);
  if (!status.ok() || info.calls() != calls) {
    return absl::InternalError(absl::StrCat("The spans of ", calls, " calls came to ", info.calls(),
                                            ". ", status.error_message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SpansFigures> RunSpans(const std::string& address, int64_t spans,
                                      const std::function<double()>& cpu_seconds) {
  CHECK(spans % kSpansOfATrace == 0);
  const std::vector<grpc::ByteBuffer> requests = MakeRequests(spans);
  const int64_t calls = spans / kSpansOfATrace * (kSpansOfATrace - 1);
  const auto count = static_cast<double>(spans);
  const double cpu_before = cpu_seconds();
  ASSIGN_OR_RETURN(const Sent sent, SendAll(address, requests));
  const double cpu = cpu_seconds() - cpu_before;
  RETURN_IF_ERROR(CheckCalls(address, calls));
  ASSIGN_OR_RETURN(const Sent again, SendAll(address, requests));
  RETURN_IF_ERROR(CheckCalls(address, calls));
  return SpansFigures{.spans_per_s = count / sent.seconds,
                      .cpu_us = cpu / count * 1e6,
                      .ack_p50_ms = QuantileOf(sent.latencies_ms, 0.5),
                      .ack_p99_ms = QuantileOf(sent.latencies_ms, 0.99),
                      .again_per_s = count / again.seconds};
}

}  // namespace itemized::bench
