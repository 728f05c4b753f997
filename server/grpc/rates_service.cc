// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/rates_service.h"

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* RatesService::ListRates(grpc::CallbackServerContext* context,
                                                  const pb::ListRatesRequest* request,
                                                  pb::ListRatesResponse* response) {
  return AnswerOn(questions_, context, request, response, [this](const pb::ListRatesRequest&) {
    return absl::StatusOr<pb::ListRatesResponse>(server::ListRates(database_));
  });
}

grpc::ServerUnaryReactor* RatesService::SetRates(grpc::CallbackServerContext* context,
                                                 const pb::SetRatesRequest* request,
                                                 pb::SetRatesResponse* response) {
  return AnswerOn(pool_, context, request, response, [this](const pb::SetRatesRequest& question) {
    return server::SetRates(database_, question);
  });
}

}  // namespace itemized::server
