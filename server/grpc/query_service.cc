// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/query_service.h"

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* QueryService::GetTop(grpc::CallbackServerContext* context,
                                               const pb::GetTopRequest* request,
                                               pb::GetTopResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetTopRequest& question, const Cancellation* cancellation) {
                    return server::GetTop(database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetWorkflows(grpc::CallbackServerContext* context,
                                                     const pb::GetWorkflowsRequest* request,
                                                     pb::GetWorkflowsResponse* response) {
  return AnswerOn(
      pool_, context, request, response,
      [this](const pb::GetWorkflowsRequest& question, const Cancellation* cancellation) {
        return server::GetWorkflows(database_, question, cancellation);
      });
}

grpc::ServerUnaryReactor* QueryService::GetRun(grpc::CallbackServerContext* context,
                                               const pb::GetRunRequest* request,
                                               pb::GetRunResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetRunRequest& question, const Cancellation* cancellation) {
                    return server::GetRun(database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetSeries(grpc::CallbackServerContext* context,
                                                  const pb::GetSeriesRequest* request,
                                                  pb::GetSeriesResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetSeriesRequest& question, const Cancellation* cancellation) {
                    return server::GetSeries(database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetOutliers(grpc::CallbackServerContext* context,
                                                    const pb::GetOutliersRequest* request,
                                                    pb::GetOutliersResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::GetOutliersRequest& question, const Cancellation* cancellation) {
                    return server::GetOutliers(database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetDistribution(grpc::CallbackServerContext* context,
                                                        const pb::GetDistributionRequest* request,
                                                        pb::GetDistributionResponse* response) {
  return AnswerOn(
      pool_, context, request, response,
      [this](const pb::GetDistributionRequest& question, const Cancellation* cancellation) {
        return server::GetDistribution(database_, question, cancellation);
      });
}

}  // namespace itemized::server
