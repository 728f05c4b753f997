// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/api/log_sampler.h"
#include "server/api/principal.h"
#include "server/budgets/budget_book.h"
#include "server/budgets/budget_meter.h"
#include "server/budgets/watch_hub.h"
#include "server/budgets/webhook_sender.h"
#include "storage/base/cancellation.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/budgets/budget_state.h"
#include "storage/database/database.h"

namespace itemized::server {

struct BudgetOptions {
  WebhookOptions webhooks;
  size_t watchers_max = 64;
  std::chrono::milliseconds look_every{1'000};  // How often budgets are judged, at most.
};

struct SetBudgetResult {
  BudgetState state;
  bool replaced = false;
  std::vector<std::string> warnings;  // Sentences about what may not be as it was meant.
};

// The budgets of a server. A thread judges them once a second, if anything was stored since: what
// it costs the rollups to answer for all calls, a step, a workflow, a model or a provider is
// little; an attribute has the log read, and so has a twentieth of the time at most. Thread-safe.
class Budgets {
 public:
  // Reads the budgets and begins to judge them and to send what waits. `database` and `clock`
  // outlive it. Errors are those of BudgetBook::Load.
  static absl::StatusOr<std::unique_ptr<Budgets>> Open(Database& database, BudgetOptions options,
                                                       const Clock& clock);
  ~Budgets();  // It stops first.

  // Ends all threads; nobody is told anything any more, and what waits is kept. Answers go on.
  void Stop();

  // All wait for the disk. Errors are those of BudgetBook, PERMISSION_DENIED for a webhook to a
  // host that is not allowed, and that of `cancellation`, which may be null.
  absl::StatusOr<SetBudgetResult> Set(const Principal& principal, Budget budget,
                                      const Cancellation* cancellation);
  absl::StatusOr<Budget> Remove(const Principal& principal, const std::string& name);
  // How all budgets stand now. Those for which there was not time enough stand as they did when
  // they were measured last, and say so.
  absl::StatusOr<std::vector<BudgetState>> List(const Principal& principal,
                                                const Cancellation* cancellation);

  // Says how all budgets stood when they were measured last.
  std::vector<BudgetState> ListKnown(const Principal& principal);

  WatchHub& hub() { return hub_; }

 private:
  Budgets(Database& database, BudgetOptions options, const Clock& clock);

  absl::Status CheckWebhook(const Budget& budget) const;
  // Measures anew what is old, unless `soon` is over.
  BudgetState StateOf(const HeldBudget& held, const Cancellation* soon);
  std::vector<std::string> WarningsFor(const BudgetState& state,
                                       const Cancellation* cancellation) const;
  void Loop();
  void JudgeAll();
  // Measures and judges the periods of a budget that have changed.
  void JudgeOne(const HeldBudget& held, uint64_t last_block);

  Database& database_;
  const Clock& clock_;
  const BudgetOptions options_;
  BudgetBook book_;
  BudgetMeter meter_;
  WatchHub hub_;
  Cancellation stopping_;
  std::unique_ptr<WebhookSender> sender_;

  LogSampler unjudged_;  // Lets one warning a minute into the log.

  // How long the log may be read for budgets now. Only the judging thread uses it.
  std::chrono::nanoseconds log_time_{std::chrono::milliseconds(50)};
  std::chrono::steady_clock::time_point judged_at_ = std::chrono::steady_clock::now();
  size_t next_of_log_ = 0;  // Which of the budgets that need the log is looked at first.

  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool look_now_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Stands last, because it uses all members above.
};

}  // namespace itemized::server
