// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/ingest_queue.h"
#include "server/api/worker_pool.h"
#include "server/http/router.h"

namespace itemized::server {

// POST /api/v1/events: calls and completions in the native form, one JSON object a line.
// Answers {"accepted","duplicate","refused","conflict","refusals":[{"line","code",
// "message"}]} once all accepted events are on disk. The status is 200, or 422 if there
// were lines and each was refused; 429 and 503 mean that nothing is known of the
// events, which may be sent again. As in an import, a call without an event_id is known
// by its line and the content of the body, so that sending a body twice counts it once.
void PostEvents(WorkerPool& pool, IngestQueue& queue, HttpRequest request, Respond respond);

}  // namespace itemized::server
