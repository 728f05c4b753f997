// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/analysis_service.h"

#include "server/grpc/unary_call.h"
#include "server/v1/analyses.h"

namespace itemized::server {

namespace pb = itemized::v1;

// Answers a question with `method` of server/v1/analyses.h.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* AnalysisService::Answer(
    grpc::CallbackServerContext* context, const Request* request, Response* response,
    absl::StatusOr<Response> (*method)(const Principal&, const Database&, const Request&,
                                       const Cancellation*)) {
  return AnswerOn(pool_, context, request, response,
                  [this, method](const Principal& principal, const Request& question,
                                 const Cancellation* cancellation) {
                    return method(principal, database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* AnalysisService::Advise(grpc::CallbackServerContext* context,
                                                  const pb::AdviseRequest* request,
                                                  pb::AdviseResponse* response) {
  return Answer(context, request, response, server::Advise);
}

grpc::ServerUnaryReactor* AnalysisService::Compare(grpc::CallbackServerContext* context,
                                                   const pb::CompareRequest* request,
                                                   pb::CompareResponse* response) {
  return Answer(context, request, response, server::Compare);
}

grpc::ServerUnaryReactor* AnalysisService::GetWasted(grpc::CallbackServerContext* context,
                                                     const pb::GetWastedRequest* request,
                                                     pb::GetWastedResponse* response) {
  return Answer(context, request, response, server::GetWasted);
}

grpc::ServerUnaryReactor* AnalysisService::WhatIf(grpc::CallbackServerContext* context,
                                                  const pb::WhatIfRequest* request,
                                                  pb::WhatIfResponse* response) {
  return Answer(context, request, response, server::WhatIf);
}

}  // namespace itemized::server
