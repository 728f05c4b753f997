// SPDX-License-Identifier: Apache-2.0
#include "server/answer_pools.h"

#include <cstddef>

namespace itemized::server {
namespace {

constexpr size_t kAdminCallsWaiting = 4;
constexpr size_t kChangesWaiting = 64;
// Questions leave the processors to what comes in: of one that both want they get a quarter.
constexpr int kQuestionNiceness = 5;

}  // namespace

AnswerPools::AnswerPools(const ServerOptions& options, MemoryBudget& memory)
    : question_threads_(options.query_threads, options.queries_waiting_max, kQuestionNiceness),
      info_threads_(1, options.queries_waiting_max),
      rates_threads_(1, kChangesWaiting),
      budgets_threads_(1, kChangesWaiting, kQuestionNiceness),
      admin_threads_(1, kAdminCallsWaiting, kQuestionNiceness),
      questions(question_threads_, memory, options.question_time_max),
      infos(info_threads_, memory),
      rate_changes(rates_threads_, memory),
      budget_changes(budgets_threads_, memory, options.question_time_max),
      admin_calls(admin_threads_, memory) {}

void AnswerPools::Close() {
  for (WorkerPool* const threads :
       {&question_threads_, &info_threads_, &rates_threads_, &budgets_threads_, &admin_threads_}) {
    threads->Close();
  }
}

}  // namespace itemized::server
