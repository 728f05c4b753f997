// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/analysis_service.h"

#include "server/grpc/question.h"
#include "server/v1/analyses.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* AnalysisService::Advise(grpc::CallbackServerContext* context,
                                                  const pb::AdviseRequest* request,
                                                  pb::AdviseResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::Advise);
}

grpc::ServerUnaryReactor* AnalysisService::Compare(grpc::CallbackServerContext* context,
                                                   const pb::CompareRequest* request,
                                                   pb::CompareResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::Compare);
}

grpc::ServerUnaryReactor* AnalysisService::GetWasted(grpc::CallbackServerContext* context,
                                                     const pb::GetWastedRequest* request,
                                                     pb::GetWastedResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetWasted);
}

grpc::ServerUnaryReactor* AnalysisService::WhatIf(grpc::CallbackServerContext* context,
                                                  const pb::WhatIfRequest* request,
                                                  pb::WhatIfResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::WhatIf);
}

}  // namespace itemized::server
