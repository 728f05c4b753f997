// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/server_info_service.h"

#include <utility>

#include "server/grpc/unary_call.h"
#include "server/v1/methods.h"

namespace itemized::server {

namespace pb = itemized::v1;

ServerInfoService::ServerInfoService(const Database& database, CallPool& pool, ServerFacts facts)
    : database_(database), pool_(pool), facts_(std::move(facts)) {}

grpc::ServerUnaryReactor* ServerInfoService::GetServerInfo(grpc::CallbackServerContext* context,
                                                           const pb::GetServerInfoRequest* request,
                                                           pb::GetServerInfoResponse* response) {
  return AnswerOn(pool_, context, request, response,
                  [this](const Principal& principal, const pb::GetServerInfoRequest&) {
                    return server::GetServerInfo(principal, database_, facts_);
                  });
}

}  // namespace itemized::server
