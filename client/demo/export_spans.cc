// SPDX-License-Identifier: Apache-2.0
#include "client/demo/export_spans.h"

#include <utility>

#include "grpcpp/grpcpp.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

#include "client/demo/span_batch.h"
#include "storage/base/status_macros.h"

namespace itemized::demo {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;

class Exporter {
 public:
  Exporter(std::shared_ptr<client::Connection> connection, const StreamOptions& options)
      : connection_(std::move(connection)),
        options_(options),
        stub_(otlp::TraceService::NewStub(connection_->channel())) {}

  absl::Status Add(const Delivery& delivery) {
    ++(delivery.is_completion ? report_.completions : report_.calls);
    batch_.Add(delivery);
    return batch_.size() < EventsOfBatch(options_, batches_) ? absl::OkStatus() : Flush();
  }

  absl::StatusOr<StreamReport> Finish() {
    if (batch_.size() > 0) {
      RETURN_IF_ERROR(Flush());
    }
    return report_;
  }

  int64_t calls() const { return report_.calls; }

 private:
  absl::Status Flush() {
    ++batches_;
    const int spans = batch_.size();
    grpc::ClientContext context;
    otlp::ExportTraceServiceResponse response;
    RETURN_IF_ERROR(connection_->ToStatus(stub_->Export(&context, batch_.Take(), &response)));
    const otlp::ExportTracePartialSuccess& rest = response.partial_success();
    report_.accepted += spans - rest.rejected_spans();
    report_.refused += rest.rejected_spans();
    if (rest.rejected_spans() > 0 && report_.refusals.empty()) {
      report_.refusals.push_back(rest.error_message());
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<client::Connection> connection_;
  const StreamOptions options_;
  const std::unique_ptr<otlp::TraceService::Stub> stub_;
  SpanBatch batch_;
  uint64_t batches_ = 0;
  StreamReport report_;
};

}  // namespace

absl::StatusOr<StreamReport> ExportSpans(std::shared_ptr<client::Connection> connection,
                                         const StreamOptions& options, Traffic* traffic) {
  Exporter exporter(std::move(connection), options);
  RETURN_IF_ERROR(PlayTraffic(options, traffic, &exporter));
  return exporter.Finish();
}

}  // namespace itemized::demo
