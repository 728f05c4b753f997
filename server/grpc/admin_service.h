// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/admin.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/worker_pool.h"
#include "storage/engine/database.h"

namespace itemized::server {

// Thread-safe. Its methods take long: they have a pool of their own.
class AdminService final : public itemized::v1::AdminService::CallbackService {
 public:
  // Both outlive the service. Whoever reaches a server may have it write a backup
  // anywhere, so `may_back_up` is for servers that only this machine reaches.
  AdminService(Database& database, WorkerPool& pool, bool may_back_up)
      : database_(database), pool_(pool), may_back_up_(may_back_up) {}

  grpc::ServerUnaryReactor* Verify(grpc::CallbackServerContext* context,
                                   const itemized::v1::VerifyRequest* request,
                                   itemized::v1::VerifyResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context,
                                   const itemized::v1::BackupRequest* request,
                                   itemized::v1::BackupResponse* response) override;

 private:
  Database& database_;
  WorkerPool& pool_;
  const bool may_back_up_;
};

}  // namespace itemized::server
