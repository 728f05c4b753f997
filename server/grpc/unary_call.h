// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/worker_pool.h"
#include "server/convert/status.h"

namespace itemized::server {

// Answers a unary call with `answer(*request)`, a StatusOr<Response>, from a
// thread of `pool`. A call whose client has gone by then is not answered.
template <typename Request, typename Response, typename Answer>
grpc::ServerUnaryReactor* AnswerOn(WorkerPool& pool, grpc::CallbackServerContext* context,
                                   const Request* request, Response* response, Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool added = pool.Add([=, answer = std::move(answer)] {
    if (context->IsCancelled()) {
      return reactor->Finish(grpc::Status(grpc::StatusCode::CANCELLED, "nobody waits any more"));
    }
    absl::StatusOr<Response> result = answer(*request);
    if (result.ok()) {
      *response = *std::move(result);
    }
    reactor->Finish(ToGrpcStatus(result.status()));
  });
  if (!added) {
    reactor->Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many questions wait for an answer; ask again later"));
  }
  return reactor;
}

}  // namespace itemized::server
