// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/rates_service.h"

#include <utility>

#include "server/grpc/principal.h"
#include "server/grpc/status.h"
#include "server/grpc/unary_call.h"
#include "server/v1/methods.h"

namespace itemized::server {

namespace pb = itemized::v1;

namespace {

// Begins a change from a thread of `pool`, and answers when it is done. That may take minutes,
// and keeps no thread.
template <typename Request, typename Response, typename Begin>
grpc::ServerUnaryReactor* ChangeOn(CallPool& pool, grpc::CallbackServerContext* context,
                                   const Request* request, Response* response, Begin begin) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool added = pool.workers.Add([=, principal = PrincipalOf(*context)] {
    begin(principal, *request, [reactor, response](absl::StatusOr<Response> result) {
      if (result.ok()) {
        *response = *std::move(result);
      }
      reactor->Finish(ToGrpcStatus(result.status()));
    });
  });
  if (!added) {
    reactor->Finish(ToGrpcStatus(TooManyWaiting()));
  }
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* RatesService::ListRates(grpc::CallbackServerContext* context,
                                                  const pb::ListRatesRequest* request,
                                                  pb::ListRatesResponse* response) {
  return AnswerOn(questions_, context, request, response,
                  [this](const Principal& principal, const pb::ListRatesRequest& question) {
                    return server::ListRates(principal, database_, question);
                  });
}

grpc::ServerUnaryReactor* RatesService::SetRates(grpc::CallbackServerContext* context,
                                                 const pb::SetRatesRequest* request,
                                                 pb::SetRatesResponse* response) {
  return ChangeOn(
      pool_, context, request, response,
      [this](const Principal& principal, const pb::SetRatesRequest& change, SetRatesDone done) {
        server::SetRates(principal, database_, change, std::move(done));
      });
}

grpc::ServerUnaryReactor* RatesService::RemoveRates(grpc::CallbackServerContext* context,
                                                    const pb::RemoveRatesRequest* request,
                                                    pb::RemoveRatesResponse* response) {
  return ChangeOn(pool_, context, request, response,
                  [this](const Principal& principal, const pb::RemoveRatesRequest& change,
                         RemoveRatesDone done) {
                    server::RemoveRates(principal, database_, change, std::move(done));
                  });
}

grpc::ServerUnaryReactor* RatesService::Reprice(grpc::CallbackServerContext* context,
                                                const pb::RepriceRequest* request,
                                                pb::RepriceResponse* response) {
  if (request->dry_run()) {
    return AnswerOn(questions_, context, request, response,
                    [this](const Principal& principal, const pb::RepriceRequest& question,
                           const Cancellation* cancellation) {
                      return server::PreviewRepricing(principal, database_, question, cancellation);
                    });
  }
  return ChangeOn(
      pool_, context, request, response,
      [this](const Principal& principal, const pb::RepriceRequest& change, RepriceDone done) {
        server::Reprice(principal, database_, change, std::move(done));
      });
}

grpc::ServerUnaryReactor* RatesService::UndoRepricing(grpc::CallbackServerContext* context,
                                                      const pb::UndoRepricingRequest* request,
                                                      pb::RepriceResponse* response) {
  return ChangeOn(
      pool_, context, request, response,
      [this](const Principal& principal, const pb::UndoRepricingRequest& change, RepriceDone done) {
        server::UndoRepricing(principal, database_, change, std::move(done));
      });
}

grpc::ServerUnaryReactor* RatesService::ListRepricings(grpc::CallbackServerContext* context,
                                                       const pb::ListRepricingsRequest* request,
                                                       pb::ListRepricingsResponse* response) {
  return AnswerOn(questions_, context, request, response,
                  [this](const Principal& principal, const pb::ListRepricingsRequest&) {
                    return server::ListRepricings(principal, database_);
                  });
}

}  // namespace itemized::server
