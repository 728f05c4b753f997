// SPDX-License-Identifier: Apache-2.0
#pragma once

// This header makes the HTTP API: JSON for curl, scripts and the dashboard.

#include <cstddef>

#include "server/api/answers.h"
#include "server/api/ingest_queue.h"
#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/budgets/budgets.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"
#include "server/otlp/span_assembler.h"
#include "storage/base/time.h"
#include "storage/database/database.h"

namespace itemized::server {

// Keeps the threads that answer. Each kind of request has its own, so that none waits behind
// another kind. Thread-safe.
class HttpPools {
 public:
  // Answers `question_threads` questions at a time from the rollups.
  explicit HttpPools(size_t question_threads);

  // Does what is waiting, and takes nothing more.
  void Close();

  // Questions leave the processors to ingestion, and fewer of them wait than there may be
  // connections, so that others can still connect. Those that read the log are few at a
  // time, for each keeps two threads busy.
  WorkerPool questions;
  WorkerPool scans;
  WorkerPool events;  // It reads bodies.
  WorkerPool rates;   // It sets rates.
  WorkerPool info;
  WorkerPool metrics;
};

// Refers to what answers are made of; all of it outlives the router.
struct HttpApiContext {
  Database& database;
  HttpPools& pools;
  IngestQueue& queue;
  SpanAssembler& spans;
  Budgets& budgets;
  MemoryBudget& memory;  // It is charged for what is read and written.
  const HttpCounters& connections;
  const Clock& clock;
  ServerFacts facts;
};

// Adds what is under /api/v1/ and /metrics. Answers are the response messages of
// itemized.v1 in protobuf's JSON mapping, with the proto field names; a request that
// cannot be answered gets {"error": sentence}.
void AddApi(const HttpApiContext& context, Router* router);

}  // namespace itemized::server
