// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "itemized/v1/server_info.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"
#include "storage/database/database.h"

namespace itemized::server {

// Serves itemized.v1.ServerInfoService. Thread-safe.
class ServerInfoService final : public itemized::v1::ServerInfoService::CallbackService {
 public:
  // Both outlive the service.
  ServerInfoService(const Database& database, CallPool& pool, ServerFacts facts);

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const itemized::v1::GetServerInfoRequest* request,
                                          itemized::v1::GetServerInfoResponse* response) override;

 private:
  const Database& database_;
  CallPool& pool_;
  const ServerFacts facts_;
};

}  // namespace itemized::server
