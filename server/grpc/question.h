// SPDX-License-Identifier: Apache-2.0
#pragma once

// How services answer questions to the database. It is for the files of this folder alone.

#include "absl/status/statusor.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/principal.h"
#include "server/grpc/unary_call.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

// What a service that answers questions needs. Both outlive it.
struct QuestionContext {
  const Database& database;
  CallPool& pool;
};

// Answers a question with `method` of server/v1.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* AnswerQuestion(
    const QuestionContext& questions, grpc::CallbackServerContext* context, const Request* request,
    Response* response,
    absl::StatusOr<Response> (*method)(const Principal&, const Database&, const Request&,
                                       const Cancellation*)) {
  return AnswerOn(
      questions.pool, context, request, response,
      [&database = questions.database, method](const Principal& principal, const Request& question,
                                               const Cancellation* cancellation) {
        return method(principal, database, question, cancellation);
      });
}

}  // namespace itemized::server
