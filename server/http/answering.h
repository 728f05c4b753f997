// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the paths of the API answer: on a thread of a pool, in JSON. It is for the files of this
// folder alone.

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

#include "server/api/worker_pool.h"
#include "server/http/api.h"
#include "server/http/parameters.h"
#include "server/http/principal.h"
#include "server/http/router.h"
#include "storage/base/status_macros.h"

namespace itemized::server {

// Returns the message as JSON. OUT_OF_RANGE if it is too large for anybody to read,
// RESOURCE_EXHAUSTED if the server has no memory for it now.
absl::StatusOr<HttpResponse> Json(const HttpApiContext& context,
                                  const google::protobuf::Message& message);

// Makes a handler that answers with `answer(request)`, a StatusOr<HttpResponse>, from a
// thread of the pool, unless nobody waits for the answer any more by then.
template <typename Answer>
HttpHandler OnPool(WorkerPool& pool, Answer answer) {
  return [&pool, answer = std::move(answer)](HttpRequest request, const Respond& respond) {
    const bool added = pool.Add([answer, request = std::move(request), respond] {
      const absl::Status wanted =
          request.cancellation != nullptr ? request.cancellation->Check() : absl::OkStatus();
      absl::StatusOr<HttpResponse> response =
          wanted.ok() ? answer(request) : absl::StatusOr<HttpResponse>(wanted);
      respond(response.ok() ? *std::move(response) : HttpError(response.status()));
    });
    if (!added) {
      respond(HttpError(TooManyWaiting()));
    }
  };
}

// Answers the question that `read(parameters, now_us)` makes with
// `answer(principal, database, question, cancellation)`, a method of itemized.v1.
template <typename Read, typename Answer>
auto Ask(const HttpApiContext& context, Read read, Answer answer) {
  return [context, read, answer](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
    ASSIGN_OR_RETURN(Parameters parameters, Parameters::Parse(request.query));
    ASSIGN_OR_RETURN(const auto question, read(std::move(parameters), context.clock.NowUs()));
    ASSIGN_OR_RETURN(const auto response, answer(PrincipalOf(request), context.database, question,
                                                 request.cancellation.get()));
    return Json(context, response);
  };
}

}  // namespace itemized::server
