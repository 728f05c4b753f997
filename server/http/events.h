// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "server/api/ingest_queue.h"
#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/http/router.h"

namespace itemized::server {

// Answers POST /api/v1/events. Its body has calls and completions in the native form: one JSON
// array of them, or objects, each on a line of its own or over several lines; gzipped if its
// Content-Encoding says so. The answer is
// {"accepted","duplicate","refused","conflict","refusals":[{"line","index",
// "code","message"}],"refusals_omitted"} once all accepted events are on disk; "index" is
// the place in an array, from 0, and refusals are told of the first hundred. The status is
// 200, or 422 if there were events and each was refused; 429 and 503 mean that nothing is
// known of the events, which may be sent again. As in an import, a call without an event_id
// is known by its line, or place in the array, and the content of the body, so that sending
// a body twice counts it once.
//
// `memory` is charged for what the events take until they are stored. An inflated body may
// have `body_bytes_max`.
void PostEvents(WorkerPool& pool, IngestQueue& queue, MemoryBudget& memory, size_t body_bytes_max,
                HttpRequest request, Respond respond);

}  // namespace itemized::server
