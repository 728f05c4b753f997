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

// Says what the calls cost that spans count as.
absl::Status AddCosts(const Principal& principal, const Database& database,
                      const std::string& workflow_id, const Cancellation* cancellation,
                      pb::GetSpansResponse* response) {
  const auto run = AskRun(principal, database, {.workflow_id = workflow_id}, cancellation);
  if (absl::IsNotFound(run.status())) {
    return absl::OkStatus();  // Its calls are in another run, or have not come.
  }
  RETURN_IF_ERROR(run.status());
  absl::flat_hash_map<std::string, std::string> costs;
  for (const BilledCall& call : run->answer.calls) {
    if (!call.cost.unpriced) {
      costs.emplace(call.call.event_id, FormatUsd(call.cost.picos));
    }
  }
  for (pb::RunSpan& span : *response->mutable_spans()) {
    const auto cost = costs.find(span.event_id());
    if (span.event_id() == span.span_id() && cost != costs.end()) {
      span.set_cost_usd(cost->second);
    }
  }
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
    ASSIGN_OR_RETURN(const std::unique_ptr<OpenTrace> trace, ReadTrace(read, id));
    AddSpans(*trace, &response);
  }
  if (!response.spans().empty()) {
    RETURN_IF_ERROR(AddCosts(principal, database, request.workflow_id(), cancellation, &response));
  }
  return response;
}

}  // namespace itemized::server
