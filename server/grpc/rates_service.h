// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/rates.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/grpc/unary_call.h"
#include "storage/database/database.h"

namespace itemized::server {

// Serves itemized.v1.RatesService. Thread-safe.
class RatesService final : public itemized::v1::RatesService::CallbackService {
 public:
  // All outlive the service. The book is listed in `questions` and changed in `pool`, since a
  // change takes long.
  RatesService(Database& database, CallPool& questions, CallPool& pool)
      : database_(database), questions_(questions), pool_(pool) {}

  grpc::ServerUnaryReactor* ListRates(grpc::CallbackServerContext* context,
                                      const itemized::v1::ListRatesRequest* request,
                                      itemized::v1::ListRatesResponse* response) override;
  grpc::ServerUnaryReactor* SetRates(grpc::CallbackServerContext* context,
                                     const itemized::v1::SetRatesRequest* request,
                                     itemized::v1::SetRatesResponse* response) override;
  grpc::ServerUnaryReactor* RemoveRates(grpc::CallbackServerContext* context,
                                        const itemized::v1::RemoveRatesRequest* request,
                                        itemized::v1::RemoveRatesResponse* response) override;
  grpc::ServerUnaryReactor* Reprice(grpc::CallbackServerContext* context,
                                    const itemized::v1::RepriceRequest* request,
                                    itemized::v1::RepriceResponse* response) override;
  grpc::ServerUnaryReactor* UndoRepricing(grpc::CallbackServerContext* context,
                                          const itemized::v1::UndoRepricingRequest* request,
                                          itemized::v1::RepriceResponse* response) override;
  grpc::ServerUnaryReactor* ListRepricings(grpc::CallbackServerContext* context,
                                           const itemized::v1::ListRepricingsRequest* request,
                                           itemized::v1::ListRepricingsResponse* response) override;

 private:
  Database& database_;
  CallPool& questions_;
  CallPool& pool_;
};

}  // namespace itemized::server
