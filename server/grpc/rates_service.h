// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/rates.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/api/worker_pool.h"
#include "storage/engine/database.h"

namespace itemized::server {

// Thread-safe.
class RatesService final : public itemized::v1::RatesService::CallbackService {
 public:
  // Both outlive the service.
  RatesService(Database& database, WorkerPool& pool) : database_(database), pool_(pool) {}

  grpc::ServerUnaryReactor* ListRates(grpc::CallbackServerContext* context,
                                      const itemized::v1::ListRatesRequest* request,
                                      itemized::v1::ListRatesResponse* response) override;
  grpc::ServerUnaryReactor* SetRates(grpc::CallbackServerContext* context,
                                     const itemized::v1::SetRatesRequest* request,
                                     itemized::v1::SetRatesResponse* response) override;
  grpc::ServerUnaryReactor* RemoveRates(grpc::CallbackServerContext* context,
                                        const itemized::v1::RemoveRatesRequest* request,
                                        itemized::v1::RemoveRatesResponse* response) override;

 private:
  Database& database_;
  WorkerPool& pool_;
};

}  // namespace itemized::server
