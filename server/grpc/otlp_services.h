// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/memory_budget.h"
#include "server/api/span_counters.h"
#include "server/otlp/span_assembler.h"

namespace itemized::server {

namespace otlp_collector = opentelemetry::proto::collector;

// Takes spans over OTLP/gRPC. Its method takes raw bytes, which are read field by field.
// Thread-safe.
class TraceService final
    : public otlp_collector::trace::v1::TraceService::WithRawCallbackMethod_Export<
          otlp_collector::trace::v1::TraceService::Service> {
 public:
  // Both outlive the service.
  TraceService(SpanAssembler& assembler, MemoryBudget& memory)
      : assembler_(assembler), memory_(memory) {}

  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;

 private:
  SpanAssembler& assembler_;
  MemoryBudget& memory_;
};

// Takes the log records that stand for spans over OTLP/gRPC, and drops others. Thread-safe.
class LogsService final
    : public otlp_collector::logs::v1::LogsService::WithRawCallbackMethod_Export<
          otlp_collector::logs::v1::LogsService::Service> {
 public:
  // Both outlive the service.
  LogsService(SpanAssembler& assembler, MemoryBudget& memory)
      : assembler_(assembler), memory_(memory) {}

  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;

 private:
  SpanAssembler& assembler_;
  MemoryBudget& memory_;
};

// Takes metrics and drops them, for exporters that cannot be told to leave them out. Thread-safe.
class MetricsService final
    : public otlp_collector::metrics::v1::MetricsService::WithRawCallbackMethod_Export<
          otlp_collector::metrics::v1::MetricsService::Service> {
 public:
  // `counters` outlive the service.
  explicit MetricsService(SpanCounters& counters) : counters_(counters) {}

  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;

 private:
  SpanCounters& counters_;
};

}  // namespace itemized::server
