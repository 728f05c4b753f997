// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "itemized/v1/admin.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/grpc/unary_call.h"
#include "storage/database/database.h"

namespace itemized::server {

// Thread-safe. Its methods take long: they have a pool of their own.
class AdminService final : public itemized::v1::AdminService::CallbackService {
 public:
  // What is passed by reference outlives the service. `backup_dir` as in ServerOptions.
  // Whoever reaches a server may have it fill its disk with backups, so `may_back_up` is for
  // servers that only this machine reaches.
  AdminService(Database& database, CallPool& pool, std::string backup_dir, bool may_back_up)
      : database_(database),
        pool_(pool),
        backup_dir_(std::move(backup_dir)),
        may_back_up_(may_back_up) {}

  grpc::ServerUnaryReactor* Verify(grpc::CallbackServerContext* context,
                                   const itemized::v1::VerifyRequest* request,
                                   itemized::v1::VerifyResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context,
                                   const itemized::v1::BackupRequest* request,
                                   itemized::v1::BackupResponse* response) override;

 private:
  Database& database_;
  CallPool& pool_;
  const std::string backup_dir_;
  const bool may_back_up_;
};

}  // namespace itemized::server
