// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/memory_budget.h"
#include "server/api/worker_pool.h"
#include "server/grpc/unary_call.h"
#include "server/server.h"

namespace itemized::server {

// Keeps the threads that answer over gRPC. What takes no time has threads of its own, so that it
// never waits behind questions. Thread-safe; the budget outlives it.
class AnswerPools {
 public:
  AnswerPools(const ServerOptions& options, MemoryBudget& memory);

  // Does what is waiting, and takes nothing more. Calls that end only later may still know it.
  void Close();

 private:
  WorkerPool question_threads_;
  WorkerPool info_threads_;
  WorkerPool rates_threads_;
  WorkerPool budgets_threads_;
  WorkerPool admin_threads_;

 public:
  CallPool questions;
  CallPool infos;
  CallPool rate_changes;
  CallPool budget_changes;
  CallPool admin_calls;
};

}  // namespace itemized::server
