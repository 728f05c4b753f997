// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "itemized/v1/admin.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"
#include "storage/database/database.h"

namespace itemized::server {

// Serves itemized.v1.AdminService. Its methods take long, so that they have a pool of their own.
// Thread-safe.
class AdminService final : public itemized::v1::AdminService::CallbackService {
 public:
  // What is passed by reference outlives the service.
  AdminService(Database& database, CallPool& pool, BackupPlace place)
      : database_(database), pool_(pool), place_(std::move(place)) {}

  grpc::ServerUnaryReactor* Verify(grpc::CallbackServerContext* context,
                                   const itemized::v1::VerifyRequest* request,
                                   itemized::v1::VerifyResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context,
                                   const itemized::v1::BackupRequest* request,
                                   itemized::v1::BackupResponse* response) override;

 private:
  Database& database_;
  CallPool& pool_;
  const BackupPlace place_;
};

}  // namespace itemized::server
