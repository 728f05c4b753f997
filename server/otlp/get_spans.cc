// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/get_spans.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "server/api/answers.h"
#include "server/otlp/span_view.h"
#include "server/otlp/trace_notes.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

namespace pb = itemized::v1;

namespace {

// An answer may have as many spans as two whole traces.
constexpr int kSpansMax = 2 * static_cast<int>(OpenTrace::kSpansMax);

// How many calls of a run are looked at together.
constexpr size_t kPageCalls = 10'000;

// Says what the calls cost that spans count as.
absl::Status AddCosts(const Principal& principal, const Database& database,
                      const std::string& workflow_id, const Cancellation* cancellation,
                      pb::GetSpansResponse* response) {
  absl::flat_hash_map<absl::string_view, pb::RunSpan*> counted;
  for (pb::RunSpan& span : *response->mutable_spans()) {
    if (span.event_id() == span.span_id()) {
      counted.emplace(span.event_id(), &span);
    }
  }
  RunQuery query{.workflow_id = workflow_id, .limit = kPageCalls};
  do {
    const auto page = AskRun(principal, database, query, cancellation);
    if (absl::IsNotFound(page.status())) {
      return absl::OkStatus();  // Its calls are in another run, or have not come.
    }
    RETURN_IF_ERROR(page.status());
    for (const BilledCall& call : page->answer.calls) {
      const auto span = counted.find(call.call.event_id);
      if (span != counted.end() && !call.cost.unpriced) {
        span->second->set_cost_usd(FormatUsd(call.cost.picos));
      }
    }
    query.after = page->answer.next;
  } while (query.after.has_value());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::GetSpansResponse> GetSpans(const Principal& principal, const Database& database,
                                              const pb::GetSpansRequest& request,
                                              const Cancellation* cancellation) {
  if (request.workflow_id().empty()) {
    return absl::InvalidArgumentError("Give the workflow_id of the run.");
  }
  const NoteReader read = [&](absl::string_view prefix) { return database.ReadNotes(prefix); };
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, TracesOfRun(read, request.workflow_id()));
  pb::GetSpansResponse response;
  for (const std::string& id : ids) {
    if (cancellation != nullptr) {
      RETURN_IF_ERROR(cancellation->Check());
    }
    if (response.left_off_traces() > 0) {
      response.set_left_off_traces(response.left_off_traces() + 1);
      continue;
    }
    ASSIGN_OR_RETURN(const std::unique_ptr<OpenTrace> trace, ReadTrace(read, id));
    const bool has_room = response.spans().empty() ||
                          response.spans_size() + static_cast<int>(trace->size()) <= kSpansMax;
    if (has_room) {
      AddSpans(*trace, &response);
    } else {
      response.set_left_off_traces(1);
    }
  }
  if (!response.spans().empty()) {
    RETURN_IF_ERROR(AddCosts(principal, database, request.workflow_id(), cancellation, &response));
  }
  return response;
}

}  // namespace itemized::server
