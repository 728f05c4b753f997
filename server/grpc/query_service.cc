// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/query_service.h"

#include "server/grpc/unary_call.h"
#include "server/otlp/get_spans.h"
#include "server/v1/methods.h"

namespace itemized::server {

namespace pb = itemized::v1;

// Answers a question with `method` of server/v1/methods.h.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* QueryService::Answer(
    grpc::CallbackServerContext* context, const Request* request, Response* response,
    absl::StatusOr<Response> (*method)(const Principal&, const Database&, const Request&,
                                       const Cancellation*)) {
  return AnswerOn(pool_, context, request, response,
                  [this, method](const Principal& principal, const Request& question,
                                 const Cancellation* cancellation) {
                    return method(principal, database_, question, cancellation);
                  });
}

grpc::ServerUnaryReactor* QueryService::GetTop(grpc::CallbackServerContext* context,
                                               const pb::GetTopRequest* request,
                                               pb::GetTopResponse* response) {
  return Answer(context, request, response, server::GetTop);
}

grpc::ServerUnaryReactor* QueryService::GetWorkflows(grpc::CallbackServerContext* context,
                                                     const pb::GetWorkflowsRequest* request,
                                                     pb::GetWorkflowsResponse* response) {
  return Answer(context, request, response, server::GetWorkflows);
}

grpc::ServerUnaryReactor* QueryService::GetRun(grpc::CallbackServerContext* context,
                                               const pb::GetRunRequest* request,
                                               pb::GetRunResponse* response) {
  return Answer(context, request, response, server::GetRun);
}

grpc::ServerUnaryReactor* QueryService::GetSpans(grpc::CallbackServerContext* context,
                                                 const pb::GetSpansRequest* request,
                                                 pb::GetSpansResponse* response) {
  return Answer(context, request, response, server::GetSpans);
}

grpc::ServerUnaryReactor* QueryService::GetSeries(grpc::CallbackServerContext* context,
                                                  const pb::GetSeriesRequest* request,
                                                  pb::GetSeriesResponse* response) {
  return Answer(context, request, response, server::GetSeries);
}

grpc::ServerUnaryReactor* QueryService::GetOutliers(grpc::CallbackServerContext* context,
                                                    const pb::GetOutliersRequest* request,
                                                    pb::GetOutliersResponse* response) {
  return Answer(context, request, response, server::GetOutliers);
}

grpc::ServerUnaryReactor* QueryService::GetDistribution(grpc::CallbackServerContext* context,
                                                        const pb::GetDistributionRequest* request,
                                                        pb::GetDistributionResponse* response) {
  return Answer(context, request, response, server::GetDistribution);
}

}  // namespace itemized::server
