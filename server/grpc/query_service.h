// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/query.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/grpc/question.h"
#include "storage/database/database.h"

namespace itemized::server {

// Serves itemized.v1.QueryService. Thread-safe.
class QueryService final : public itemized::v1::QueryService::CallbackService {
 public:
  // Both outlive the service.
  QueryService(const Database& database, CallPool& pool) : questions_{database, pool} {}

  grpc::ServerUnaryReactor* GetTop(grpc::CallbackServerContext* context,
                                   const itemized::v1::GetTopRequest* request,
                                   itemized::v1::GetTopResponse* response) override;
  grpc::ServerUnaryReactor* GetWorkflows(grpc::CallbackServerContext* context,
                                         const itemized::v1::GetWorkflowsRequest* request,
                                         itemized::v1::GetWorkflowsResponse* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const itemized::v1::GetRunRequest* request,
                                   itemized::v1::GetRunResponse* response) override;
  grpc::ServerUnaryReactor* GetSpans(grpc::CallbackServerContext* context,
                                     const itemized::v1::GetSpansRequest* request,
                                     itemized::v1::GetSpansResponse* response) override;
  grpc::ServerUnaryReactor* GetSeries(grpc::CallbackServerContext* context,
                                      const itemized::v1::GetSeriesRequest* request,
                                      itemized::v1::GetSeriesResponse* response) override;
  grpc::ServerUnaryReactor* GetOutliers(grpc::CallbackServerContext* context,
                                        const itemized::v1::GetOutliersRequest* request,
                                        itemized::v1::GetOutliersResponse* response) override;
  grpc::ServerUnaryReactor* GetDistribution(
      grpc::CallbackServerContext* context, const itemized::v1::GetDistributionRequest* request,
      itemized::v1::GetDistributionResponse* response) override;

 private:
  const QuestionContext questions_;
};

}  // namespace itemized::server
