// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/admin_service.h"

#include "server/api/answers.h"
#include "server/grpc/unary_call.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* AdminService::Verify(grpc::CallbackServerContext* context,
                                               const pb::VerifyRequest* request,
                                               pb::VerifyResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const pb::VerifyRequest&) { return server::Verify(database_); });
}

grpc::ServerUnaryReactor* AdminService::Backup(grpc::CallbackServerContext* context,
                                               const pb::BackupRequest* request,
                                               pb::BackupResponse* response) {
  return AnswerOn(
      pool_, context, request, response,
      [this](const pb::BackupRequest& question) -> absl::StatusOr<pb::BackupResponse> {
        if (!may_back_up_) {
          return absl::PermissionDeniedError(
              "this server listens beyond its own machine, where anybody could have it write "
              "files; make backups of one that listens on 127.0.0.1 only");
        }
        return server::Backup(database_, backup_dir_, question);
      });
}

}  // namespace itemized::server
