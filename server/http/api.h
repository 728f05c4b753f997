// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HTTP API: JSON for curl, scripts and the dashboard.

#include "server/api/answers.h"
#include "server/api/ingest_queue.h"
#include "server/api/worker_pool.h"
#include "server/http/router.h"
#include "storage/base/time.h"
#include "storage/engine/database.h"

namespace itemized::server {

// What answers are made of; all outlive the router.
struct HttpApiContext {
  Database& database;
  WorkerPool& pool;
  IngestQueue& queue;
  const Clock& clock;
  ServerFacts facts;
};

// Adds what is under /api/v1/ and /metrics. Answers are the response messages of
// itemized.v1 in protobuf's JSON mapping, with the proto field names; a request that
// cannot be answered gets {"error": sentence}.
void AddApi(const HttpApiContext& context, Router* router);

}  // namespace itemized::server
