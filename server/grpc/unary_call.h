// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder serves itemized.v1 over gRPC: its services, and the connections below them. It
// uses server/v1, server/api and server/convert, and knows nothing of other protocols. This
// header answers calls that have one question and one answer.

#include <algorithm>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/grpc/handover.h"
#include "server/grpc/principal.h"
#include "server/grpc/status.h"
#include "storage/base/cancellation.h"

namespace itemized::server {

// Says where calls are answered, and what they may take. Thread-safe.
struct CallPool {
  CallPool(WorkerPool& pool, MemoryBudget& budget,
           std::chrono::steady_clock::duration call_time_max = std::chrono::hours(24 * 365))
      : workers(pool), memory(budget), time_max(call_time_max) {}

  WorkerPool& workers;
  MemoryBudget& memory;
  // No call takes longer, whatever deadline it came with.
  const std::chrono::steady_clock::duration time_max;
};

// Returns the time by which a call has to be answered.
Cancellation::Instant DeadlineOf(const grpc::CallbackServerContext& context,
                                 std::chrono::steady_clock::duration time_max);

// A question is charged this much while it is being answered, since its answer is not known yet.
inline constexpr int64_t kQuestionBytes = int64_t{8} << 20;

grpc::Status NoMemory();

// Is a unary call that owns itself. Its OnCancel and destructor are short and wait for nobody,
// so that gRPC need not wake a thread of its own for them. That is a tenth of what a small answer
// costs.
class QuickReactor : public grpc::ServerUnaryReactor {
 public:
  void Finish(grpc::Status status) {
    handover_.Give();
    ServerUnaryReactor::Finish(std::move(status));
  }

  void OnDone() final {
    handover_.Follow();
    delete this;
  }

 protected:
  Handover& handover() { return handover_; }

 private:
  bool InternalInlineable() final { return true; }

  Handover handover_;
};

// Is one call. It waits for a thread, is answered there, and holds what its answer takes until
// that has been sent.
template <typename Request, typename Response, typename Answer>
class UnaryCall final : public QuickReactor {
 public:
  UnaryCall(CallPool& pool, grpc::CallbackServerContext* context, const Request* request,
            Response* response, Answer answer)
      : pool_(pool),
        request_(*request),
        response_(*response),
        principal_(PrincipalOf(*context)),
        answer_(std::move(answer)),
        cancellation_(DeadlineOf(*context, pool.time_max)) {
    handover().Give();
    if (!pool_.workers.Add([this] { Work(); }, this)) {
      Finish(ToGrpcStatus(TooManyWaiting()));
    }
  }

  // The caller has gone, or its deadline has passed.
  void OnCancel() override {
    handover().Follow();
    cancellation_.Cancel();
    if (pool_.workers.TakeBack(this)) {
      Finish(ToGrpcStatus(cancellation_.Check()));
    }
  }

 private:
  void Work() { Finish(MakeAnswer()); }

  grpc::Status MakeAnswer() {
    if (absl::Status status = cancellation_.Check(); !status.ok()) {
      return ToGrpcStatus(status);
    }
    std::optional<MemoryBudget::Charge> charge = pool_.memory.Take(kQuestionBytes);
    if (!charge.has_value()) {
      return NoMemory();
    }
    absl::StatusOr<Response> result = Ask();
    if (!result.ok()) {
      return ToGrpcStatus(result.status());
    }
    response_ = *std::move(result);
    // The answer is there twice, as a message and as bytes on their way.
    if (!charge->Resize(2 * static_cast<int64_t>(response_.ByteSizeLong()))) {
      response_.Clear();
      return NoMemory();
    }
    charge_ = *std::move(charge);
    return grpc::Status::OK;
  }

  absl::StatusOr<Response> Ask() {
    if constexpr (std::is_invocable_v<Answer, const Principal&, const Request&,
                                      const Cancellation*>) {
      return answer_(principal_, request_, &cancellation_);
    } else {
      return answer_(principal_, request_);
    }
  }

  CallPool& pool_;
  const Request& request_;
  Response& response_;
  const Principal principal_;
  Answer answer_;
  Cancellation cancellation_;
  MemoryBudget::Charge charge_;
};

// Answers a unary call with `answer(principal, *request)`, a StatusOr<Response>, from a thread
// of `pool`; one that takes a `const Cancellation*` besides is to give up with its error.
// A call whose client has gone by then is not answered.
template <typename Request, typename Response, typename Answer>
grpc::ServerUnaryReactor* AnswerOn(CallPool& pool, grpc::CallbackServerContext* context,
                                   const Request* request, Response* response, Answer answer) {
  return new UnaryCall<Request, Response, Answer>(pool, context, request, response,
                                                  std::move(answer));
}

}  // namespace itemized::server
