// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/query_service.h"

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* QueryService::GetTop(grpc::CallbackServerContext* context,
                                               const pb::GetTopRequest* request,
                                               pb::GetTopResponse* response) {
  return AnswerOn(pool_, context, request, response, [this](const pb::GetTopRequest& question) {
    return server::GetTop(database_, question);
  });
}

grpc::ServerUnaryReactor* QueryService::GetWorkflows(grpc::CallbackServerContext* context,
                                                     const pb::GetWorkflowsRequest* request,
                                                     pb::GetWorkflowsResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetWorkflowsRequest& question) {
                    return server::GetWorkflows(database_, question);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetRun(grpc::CallbackServerContext* context,
                                               const pb::GetRunRequest* request,
                                               pb::GetRunResponse* response) {
  return AnswerOn(pool_, context, request, response, [this](const pb::GetRunRequest& question) {
    return server::GetRun(database_, question);
  });
}

grpc::ServerUnaryReactor* QueryService::GetSeries(grpc::CallbackServerContext* context,
                                                  const pb::GetSeriesRequest* request,
                                                  pb::GetSeriesResponse* response) {
  return AnswerOn(pool_, context, request, response, [this](const pb::GetSeriesRequest& question) {
    return server::GetSeries(database_, question);
  });
}

grpc::ServerUnaryReactor* QueryService::GetOutliers(grpc::CallbackServerContext* context,
                                                    const pb::GetOutliersRequest* request,
                                                    pb::GetOutliersResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetOutliersRequest& question) {
                    return server::GetOutliers(database_, question);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetDistribution(grpc::CallbackServerContext* context,
                                                        const pb::GetDistributionRequest* request,
                                                        pb::GetDistributionResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetDistributionRequest& question) {
                    return server::GetDistribution(database_, question);
                  });
}

}  // namespace itemized::server
