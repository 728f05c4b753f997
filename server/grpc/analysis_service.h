// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/analysis.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/grpc/question.h"
#include "storage/database/database.h"

namespace itemized::server {

// Serves itemized.v1.AnalysisService. Thread-safe.
class AnalysisService final : public itemized::v1::AnalysisService::CallbackService {
 public:
  // Both outlive the service.
  AnalysisService(const Database& database, CallPool& pool) : questions_{database, pool} {}

  grpc::ServerUnaryReactor* Advise(grpc::CallbackServerContext* context,
                                   const itemized::v1::AdviseRequest* request,
                                   itemized::v1::AdviseResponse* response) override;
  grpc::ServerUnaryReactor* Compare(grpc::CallbackServerContext* context,
                                    const itemized::v1::CompareRequest* request,
                                    itemized::v1::CompareResponse* response) override;
  grpc::ServerUnaryReactor* GetWasted(grpc::CallbackServerContext* context,
                                      const itemized::v1::GetWastedRequest* request,
                                      itemized::v1::GetWastedResponse* response) override;
  grpc::ServerUnaryReactor* WhatIf(grpc::CallbackServerContext* context,
                                   const itemized::v1::WhatIfRequest* request,
                                   itemized::v1::WhatIfResponse* response) override;

 private:
  const QuestionContext questions_;
};

}  // namespace itemized::server
