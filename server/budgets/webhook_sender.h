// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/budgets/budget_book.h"
#include "server/budgets/webhook_post.h"
#include "server/budgets/webhook_url.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"

namespace itemized::server {

struct WebhookOptions {
  WebhookHosts hosts;
  std::string secret;  // It signs what is sent.
  std::chrono::milliseconds timeout{10'000};
  // How long the first attempt that failed is waited for, and any at most. Each doubles it.
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds last_wait{900'000};
  // Nothing is sent any more after so many attempts of one server, or so long after the crossing.
  int attempts_max = 50;
  int64_t age_max_us = kMicrosPerDay;
  size_t threads = 2;  // One receiver that hangs does not hold up the others.
};

// Posts each crossing that waits in the book to the webhook of its budget, until the receiver takes
// it. That it did is written to the book afterwards, so that a crash between the two, and nothing
// else, has a crossing sent again, with the id that it had. Thread-safe.
class WebhookSender {
 public:
  // The book and the clock outlive it.
  WebhookSender(BudgetBook& book, WebhookOptions options, const Clock& clock);
  ~WebhookSender();  // Gives up what is under way; it is sent when the book is opened again.

  // Says that the book may have more to send.
  void Wake();

 private:
  using Instant = std::chrono::steady_clock::time_point;

  // What is known of a crossing that waits, by its id.
  struct Attempt {
    int made = 0;
    Instant next = Instant::min();
    bool is_under_way = false;
    std::optional<Delivery> settled;  // What became of it, though that is not on disk yet.
  };
  struct Job {
    Budget budget;
    Crossing crossing;
    std::string id;
    std::optional<Delivery> settled;
  };

  void Loop();
  std::optional<Job> Next(Instant* wake_at) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work(Job job);
  PostResult Post(const Job& job) const;
  // Returns what becomes of a crossing after an attempt; nothing if another one is to be made.
  std::optional<Delivery> Conclude(const Job& job, const PostResult& result, int made) const;
  bool stopping() const;

  BudgetBook& book_;
  const WebhookOptions options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Attempt> attempts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // They stand last, because they use all members above.
};

}  // namespace itemized::server
