// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/admin_service.h"

#include "server/grpc/unary_call.h"
#include "server/v1/methods.h"

namespace itemized::server {

namespace pb = itemized::v1;

grpc::ServerUnaryReactor* AdminService::Verify(grpc::CallbackServerContext* context,
                                               const pb::VerifyRequest* request,
                                               pb::VerifyResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const Principal& principal, const pb::VerifyRequest&) {
                    return server::Verify(principal, database_);
                  });
}

grpc::ServerUnaryReactor* AdminService::Backup(grpc::CallbackServerContext* context,
                                               const pb::BackupRequest* request,
                                               pb::BackupResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const Principal& principal, const pb::BackupRequest& question) {
                    return server::Backup(principal, database_, place_, question);
                  });
}

}  // namespace itemized::server
