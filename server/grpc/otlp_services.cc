// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/otlp_services.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "server/api/principal.h"
#include "server/convert/gunzip.h"
#include "server/grpc/byte_buffer.h"
#include "server/grpc/principal.h"
#include "server/grpc/status.h"
#include "server/grpc/unary_call.h"
#include "server/otlp/export.h"

namespace itemized::server {
namespace {

// Spans take this many times the bytes of their message until they are stored.
constexpr int64_t kWorkFactor = 4;

// What a message may have once it is inflated: as much as one that is not compressed.
constexpr size_t kInflatedBytesMax = size_t{16} << 20;

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status NoRoom() {
  return absl::UnavailableError(
      "The server has no memory left for these spans; send them again a little later.");
}

// OTLP's clients send again after UNAVAILABLE, and give up after RESOURCE_EXHAUSTED.
absl::Status ToRetryable(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? absl::UnavailableError(status.message()) : status;
}

class ExportCall final : public QuickReactor {
 public:
  ExportCall(Signal signal, MemoryBudget& memory, Principal principal, grpc::ByteBuffer& response)
      : signal_(signal), memory_(memory), principal_(std::move(principal)), response_(response) {}

  void Start(const grpc::ByteBuffer& request, SpanAssembler& assembler) {
    handover().Give();
    std::optional<MemoryBudget::Charge> charge =
        memory_.Take(kWorkFactor * static_cast<int64_t>(request.Length()));
    if (!charge.has_value()) {
      return Finish(ToGrpcStatus(NoRoom()));
    }
    charge_ = *std::move(charge);
    const WireBytes message = Flatten(request);
    const auto answer = [this](const absl::StatusOr<SpansResult>& result) { Answer(result); };
    if (!IsGzip(message.bytes)) {
      return Export(signal_, principal_, message.bytes, assembler, answer);
    }
    const absl::StatusOr<std::string> inflated = Gunzip(message.bytes, kInflatedBytesMax);
    if (absl::IsOutOfRange(inflated.status())) {  // That code would be sent again.
      return Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 std::string(inflated.status().message())));
    }
    if (!inflated.ok()) {
      return answer(inflated.status());
    }
    if (!charge_.Resize(kWorkFactor * static_cast<int64_t>(inflated->size()))) {
      return answer(NoRoom());
    }
    Export(signal_, principal_, *inflated, assembler, answer);
  }

 private:
  void Answer(const absl::StatusOr<SpansResult>& result) {
    if (result.ok()) {
      response_ = ToBuffer(ToWireResponse(*result));
    }
    const absl::Status status = ToRetryable(result.status());
    Finish(absl::IsUnavailable(status)
               ? grpc::Status(grpc::StatusCode::UNAVAILABLE, std::string(status.message()),
                              ToWireRetryStatus(status))
               : ToGrpcStatus(status));
  }

  const Signal signal_;
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
  auto* call = new ExportCall(Signal::kTraces, memory_, PrincipalOf(*context), *response);
  call->Start(*request, assembler_);
  return call;
}

grpc::ServerUnaryReactor* LogsService::Export(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) {
  auto* call = new ExportCall(Signal::kLogs, memory_, PrincipalOf(*context), *response);
  call->Start(*request, assembler_);
  return call;
}

grpc::ServerUnaryReactor* MetricsService::Export(grpc::CallbackServerContext* /*context*/,
                                                 const grpc::ByteBuffer* /*request*/,
                                                 grpc::ByteBuffer* response) {
  CountDropped("metrics", 1, counters_.dropped_metrics);
  return new DroppedCall(*response);
}

}  // namespace itemized::server
