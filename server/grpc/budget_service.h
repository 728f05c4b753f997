// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <set>

#include "itemized/v1/budgets.grpc.pb.h"
#include <grpcpp/support/server_callback.h>

#include "server/budgets/budgets.h"
#include "server/grpc/unary_call.h"
#include "server/grpc/watch_stream.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"

namespace itemized::server {

// Serves itemized.v1.BudgetService. Thread-safe.
class BudgetService final : public itemized::v1::BudgetService::CallbackService {
 public:
  // All outlive the service, and the service every call. Lists are answered in `questions`; budgets
  // are changed in `changes`, since a change waits for the disk.
  BudgetService(Budgets& budgets, CallPool& questions, CallPool& changes, const Clock& clock);
  ~BudgetService() override;

  // Ends the streams of all who watch; new ones are refused with UNAVAILABLE.
  void Drain();
  // Waits until every stream has ended. Returns false if some had not by `deadline`.
  bool AwaitStreams(std::chrono::system_clock::time_point deadline);

  grpc::ServerUnaryReactor* SetBudget(grpc::CallbackServerContext* context,
                                      const itemized::v1::SetBudgetRequest* request,
                                      itemized::v1::SetBudgetResponse* response) override;
  grpc::ServerUnaryReactor* RemoveBudget(grpc::CallbackServerContext* context,
                                         const itemized::v1::RemoveBudgetRequest* request,
                                         itemized::v1::RemoveBudgetResponse* response) override;
  grpc::ServerUnaryReactor* ListBudgets(grpc::CallbackServerContext* context,
                                        const itemized::v1::ListBudgetsRequest* request,
                                        itemized::v1::ListBudgetsResponse* response) override;
  grpc::ServerWriteReactor<itemized::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context, const itemized::v1::WatchRequest* request) override;

 private:
  void Closed(WatchStream* stream);

  Budgets& budgets_;
  CallPool& questions_;
  CallPool& changes_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar closed_;  // It tells that a stream ended.
  // Open streams are kept here, so that none vanishes under Drain.
  std::set<std::shared_ptr<WatchStream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace itemized::server
