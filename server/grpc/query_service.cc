// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/query_service.h"

#include "server/grpc/question.h"
#include "server/otlp/get_spans.h"
#include "server/v1/methods.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* QueryService::GetTop(grpc::CallbackServerContext* context,
                                               const pb::GetTopRequest* request,
                                               pb::GetTopResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetTop);
}

grpc::ServerUnaryReactor* QueryService::GetWorkflows(grpc::CallbackServerContext* context,
                                                     const pb::GetWorkflowsRequest* request,
                                                     pb::GetWorkflowsResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetWorkflows);
}

grpc::ServerUnaryReactor* QueryService::GetRun(grpc::CallbackServerContext* context,
                                               const pb::GetRunRequest* request,
                                               pb::GetRunResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetRun);
}

grpc::ServerUnaryReactor* QueryService::GetSpans(grpc::CallbackServerContext* context,
                                                 const pb::GetSpansRequest* request,
                                                 pb::GetSpansResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetSpans);
}

grpc::ServerUnaryReactor* QueryService::GetSeries(grpc::CallbackServerContext* context,
                                                  const pb::GetSeriesRequest* request,
                                                  pb::GetSeriesResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetSeries);
}

grpc::ServerUnaryReactor* QueryService::GetOutliers(grpc::CallbackServerContext* context,
                                                    const pb::GetOutliersRequest* request,
                                                    pb::GetOutliersResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetOutliers);
}

grpc::ServerUnaryReactor* QueryService::GetDistribution(grpc::CallbackServerContext* context,
                                                        const pb::GetDistributionRequest* request,
                                                        pb::GetDistributionResponse* response) {
  return AnswerQuestion(questions_, context, request, response, server::GetDistribution);
}

}  // namespace itemized::server
