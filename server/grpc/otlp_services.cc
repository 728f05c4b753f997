// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/otlp_services.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "server/api/principal.h"
#include "server/grpc/byte_buffer.h"
#include "server/grpc/principal.h"
#include "server/grpc/status.h"
#include "server/grpc/unary_call.h"
#include "server/otlp/export.h"

namespace itemized::server {
namespace {

// Spans take this many times the bytes of their message until they are stored.
constexpr int64_t kWorkFactor = 4;

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// OTLP's clients send again after UNAVAILABLE, and give up after RESOURCE_EXHAUSTED.
absl::Status ToRetryable(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? absl::UnavailableError(status.message()) : status;
}

class ExportCall final : public QuickReactor {
 public:
  ExportCall(MemoryBudget& memory, Principal principal, grpc::ByteBuffer& response)
      : memory_(memory), principal_(std::move(principal)), response_(response) {}

  void Start(const grpc::ByteBuffer& request, SpanAssembler& assembler) {
    handover().Give();
    std::optional<MemoryBudget::Charge> charge =
        memory_.Take(kWorkFactor * static_cast<int64_t>(request.Length()));
    if (!charge.has_value()) {
      return Finish(ToGrpcStatus(absl::UnavailableError(
          "The server has no memory left for these spans; send them again a little later.")));
    }
    charge_ = *std::move(charge);
    ExportTraces(principal_, Flatten(request).bytes, assembler,
                 [this](const absl::StatusOr<SpansResult>& result) { Answer(result); });
  }

 private:
  void Answer(const absl::StatusOr<SpansResult>& result) {
    if (result.ok()) {
      response_ = ToBuffer(ToWireResponse(*result));
    }
    Finish(ToGrpcStatus(ToRetryable(result.status())));
  }

  MemoryBudget& memory_;
  const Principal principal_;
  grpc::ByteBuffer& response_;
  MemoryBudget::Charge charge_;  // It is held until the answer has been sent.
};

// Answers that all of it was taken.
class DroppedCall final : public QuickReactor {
 public:
  explicit DroppedCall(grpc::ByteBuffer& response) {
    response = ToBuffer("");
    handover().Give();
    Finish(grpc::Status::OK);
  }
};

}  // namespace

grpc::ServerUnaryReactor* TraceService::Export(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  auto* call = new ExportCall(memory_, PrincipalOf(*context), *response);
  call->Start(*request, assembler_);
  return call;
}

grpc::ServerUnaryReactor* LogsService::Export(grpc::CallbackServerContext* /*context*/,
                                              const grpc::ByteBuffer* /*request*/,
                                              grpc::ByteBuffer* response) {
  ++counters_.dropped_logs;
  return new DroppedCall(*response);
}

grpc::ServerUnaryReactor* MetricsService::Export(grpc::CallbackServerContext* /*context*/,
                                                 const grpc::ByteBuffer* /*request*/,
                                                 grpc::ByteBuffer* response) {
  ++counters_.dropped_metrics;
  return new DroppedCall(*response);
}

}  // namespace itemized::server
