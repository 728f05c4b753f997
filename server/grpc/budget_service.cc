// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/budget_service.h"

#include <optional>
#include <string>

#include "server/v1/budget_methods.h"
#include "storage/base/check.h"

namespace itemized::server {

namespace pb = itemized::v1;

namespace {

// Streams of the hub's own limit are refused by it; beyond some more, none is even begun.
constexpr size_t kStreamsMax = 1'000;

grpc::Status ShuttingDownToWatchers() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                      "The server is shutting down; watch the next one.");
}

}  // namespace

BudgetService::BudgetService(Budgets& budgets, CallPool& questions, CallPool& changes,
                             const Clock& clock)
    : budgets_(budgets), questions_(questions), changes_(changes), clock_(clock) {}

BudgetService::~BudgetService() {
  const MutexLock lock(mutex_);
  CHECK(streams_.empty());
}

void BudgetService::Drain() {
  std::set<std::shared_ptr<WatchStream>> streams;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    streams = streams_;
  }
  for (const std::shared_ptr<WatchStream>& stream : streams) {
    stream->End(ShuttingDownToWatchers());
  }
}

bool BudgetService::AwaitStreams(std::chrono::system_clock::time_point deadline) {
  const MutexLock lock(mutex_);
  while (!streams_.empty()) {
    if (closed_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
      return streams_.empty();
    }
  }
  return true;
}

void BudgetService::Closed(WatchStream* stream) {
  const MutexLock lock(mutex_);
  streams_.erase(stream->shared_from_this());
  closed_.notify_all();
}

grpc::ServerUnaryReactor* BudgetService::SetBudget(grpc::CallbackServerContext* context,
                                                   const pb::SetBudgetRequest* request,
                                                   pb::SetBudgetResponse* response) {
  return AnswerOn(changes_, context, request, response,
                  [this](const Principal& principal, const pb::SetBudgetRequest& change,
                         const Cancellation* cancellation) {
                    return server::SetBudget(principal, budgets_, change, cancellation);
                  });
}

grpc::ServerUnaryReactor* BudgetService::RemoveBudget(grpc::CallbackServerContext* context,
                                                      const pb::RemoveBudgetRequest* request,
                                                      pb::RemoveBudgetResponse* response) {
  return AnswerOn(changes_, context, request, response,
                  [this](const Principal& principal, const pb::RemoveBudgetRequest& change) {
                    return server::RemoveBudget(principal, budgets_, change);
                  });
}

grpc::ServerUnaryReactor* BudgetService::ListBudgets(grpc::CallbackServerContext* context,
                                                     const pb::ListBudgetsRequest* request,
                                                     pb::ListBudgetsResponse* response) {
  return AnswerOn(questions_, context, request, response,
                  [this](const Principal& principal, const pb::ListBudgetsRequest&,
                         const Cancellation* cancellation) {
                    return server::ListBudgets(principal, budgets_, cancellation);
                  });
}

grpc::ServerWriteReactor<pb::WatchResponse>* BudgetService::Watch(
    grpc::CallbackServerContext* context, const pb::WatchRequest* request) {
  auto stream = std::make_shared<WatchStream>(budgets_.hub(), PrincipalOf(*context), context,
                                              [this](WatchStream* closed) { Closed(closed); });
  {
    const MutexLock lock(mutex_);
    if (draining_) {
      return new RefusedWatch(ShuttingDownToWatchers());
    }
    if (streams_.size() >= kStreamsMax) {
      return new RefusedWatch(
          grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "Too many clients watch."));
    }
    streams_.insert(stream);
  }
  stream->Start(request->has_step() ? std::optional(request->step()) : std::nullopt,
                FormatTime(clock_.NowUs()));
  return stream.get();
}

}  // namespace itemized::server
