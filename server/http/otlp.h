// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/http/router.h"
#include "server/otlp/span_assembler.h"

namespace itemized::server {

// What takes in spans; all of it outlives the router.
struct OtlpContext {
  WorkerPool& pool;  // It reads bodies.
  SpanAssembler& assembler;
  MemoryBudget& memory;
};

// Adds OTLP/HTTP: POST /v1/traces, and the path where Langfuse's SDKs send the same; protobuf or
// JSON, as it is or with gzip. Answers are in the encoding of the request. /v1/logs takes
// the log records that stand for spans; other logs, and metrics, are taken and dropped, for
// exporters that cannot be told to leave them out.
void AddOtlp(const OtlpContext& context, Router* router);

}  // namespace itemized::server
