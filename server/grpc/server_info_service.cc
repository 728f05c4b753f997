#include "server/grpc/server_info_service.h"

#include <utility>

#include "server/grpc/unary_call.h"
#include "storage/base/time.h"

namespace itemized::server {

namespace pb = itemized::v1;

ServerInfoService::ServerInfoService(const Database& database, WorkerPool& pool, ServerFacts facts)
    : database_(database), pool_(pool), facts_(std::move(facts)) {}

grpc::ServerUnaryReactor* ServerInfoService::GetServerInfo(grpc::CallbackServerContext* context,
                                                           const pb::GetServerInfoRequest* request,
                                                           pb::GetServerInfoResponse* response) {
  return AnswerOn(pool_, context, request, response, [this](const pb::GetServerInfoRequest&) {
    return absl::StatusOr<pb::GetServerInfoResponse>(Info());
  });
}

pb::GetServerInfoResponse ServerInfoService::Info() const {
  const DatabaseInfo info = database_.Info();
  pb::GetServerInfoResponse response;
  response.set_version(facts_.version);
  response.set_schema_version(info.schema_version);
  response.set_started_at(FormatTime(facts_.started_at_us));
  response.set_calls(info.calls);
  response.set_unpriced_calls(info.unpriced_calls);
  response.set_runs(info.runs);
  response.set_last_block(info.last_block);
  response.set_checkpointed_block(info.checkpointed_block);
  response.set_http_address(facts_.http_address);
  return response;
}

}  // namespace itemized::server
