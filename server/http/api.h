// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HTTP API: JSON for curl, scripts and the dashboard.

#include <cstddef>

#include "server/api/answers.h"
#include "server/api/ingest_queue.h"
#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"
#include "storage/base/time.h"
#include "storage/database/database.h"

namespace itemized::server {

// The threads that answer: each kind of request has its own, so that none waits behind
// another kind. Thread-safe.
class HttpPools {
 public:
  // At most `question_threads` questions are answered at a time from the rollups.
  explicit HttpPools(size_t question_threads);

  // Does what is waiting, and takes nothing more.
  void Close();

  // Questions leave the processors to ingestion, and fewer of them wait than there may be
  // connections, so that others can still connect. Those that read the log are few at a
  // time, for each keeps two threads busy.
  WorkerPool questions;
  WorkerPool scans;
  WorkerPool events;  // Reads bodies.
  WorkerPool rates;   // Sets rates.
  WorkerPool info;
  WorkerPool metrics;
};

// What answers are made of; all outlive the router.
struct HttpApiContext {
  Database& database;
  HttpPools& pools;
  IngestQueue& queue;
  MemoryBudget& memory;  // Charged for what is read and written.
  const HttpCounters& connections;
  const Clock& clock;
  ServerFacts facts;
};

// Adds what is under /api/v1/ and /metrics. Answers are the response messages of
// itemized.v1 in protobuf's JSON mapping, with the proto field names; a request that
// cannot be answered gets {"error": sentence}.
void AddApi(const HttpApiContext& context, Router* router);

}  // namespace itemized::server
