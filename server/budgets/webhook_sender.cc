// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/webhook_sender.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"
#include <spdlog/spdlog.h>

#include "server/budgets/webhook_signature.h"
#include "server/convert/budgets.h"
#include "storage/budgets/budget_codec.h"

namespace itemized::server {
namespace {

using Clock = std::chrono::steady_clock;

// Nothing is due for longer than a thread sleeps.
constexpr std::chrono::minutes kSleepMax{1};

std::chrono::milliseconds WaitAfter(int made, const WebhookOptions& options) {
  std::chrono::milliseconds wait = options.first_wait;
  for (int i = 1; i < made && wait < options.last_wait; ++i) {
    wait *= 2;
  }
  return std::min(wait, options.last_wait);
}

}  // namespace

WebhookSender::WebhookSender(BudgetBook& book, WebhookOptions options, const itemized::Clock& clock)
    : book_(book), options_(std::move(options)), clock_(clock) {
  for (size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { Loop(); });
  }
}

WebhookSender::~WebhookSender() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

// Takes the lock, since a thread that is about to wait could miss the call without it.
void WebhookSender::Wake() {
  { const MutexLock lock(mutex_); }
  changed_.notify_all();
}

bool WebhookSender::stopping() const {
  const MutexLock lock(mutex_);
  return stop_;
}

// Finds a crossing that is due, and marks it as under way; else says when one will be.
std::optional<WebhookSender::Job> WebhookSender::Next(Instant* wake_at) {
  const Instant now = Clock::now();
  *wake_at = now + kSleepMax;
  std::set<std::string> waiting;
  std::optional<Job> next;
  for (HeldBudget& held : book_.List()) {
    for (const Crossing& crossing : held.crossings) {
      if (crossing.delivery != Delivery::kPending) {
        continue;
      }
      const std::string id = CrossingId(held.budget.name, crossing);
      waiting.insert(id);
      Attempt& attempt = attempts_[id];
      if (attempt.is_under_way) {
        continue;
      }
      if (attempt.next > now) {
        *wake_at = std::min(*wake_at, attempt.next);
      } else if (!next.has_value()) {
        next = Job{held.budget, crossing, id, attempt.settled};
      }
    }
  }
  // What is no longer in the book is not remembered, unless it is just being sent.
  std::erase_if(attempts_, [&](const auto& known) {
    return !known.second.is_under_way && !waiting.contains(known.first);
  });
  if (next.has_value()) {
    attempts_[next->id].is_under_way = true;
  }
  return next;
}

void WebhookSender::Loop() {
  while (true) {
    std::optional<Job> job;
    {
      const MutexLock lock(mutex_);
      while (!stop_ && !job.has_value()) {
        Instant wake_at;
        job = Next(&wake_at);
        if (!job.has_value()) {
          changed_.wait_until(mutex_, wake_at);
        }
      }
      if (stop_) {
        return;
      }
    }
    Work(*std::move(job));
  }
}

void WebhookSender::Work(Job job) {
  std::optional<Delivery> settled = job.settled;
  int made = 0;
  if (!settled.has_value()) {
    const PostResult result = Post(job);
    {
      const MutexLock lock(mutex_);
      made = ++attempts_[job.id].made;
    }
    settled = stopping() && result.outcome != PostResult::Outcome::kTaken
                  ? std::nullopt
                  : Conclude(job, result, made);
  }
  bool is_written = false;
  if (settled.has_value()) {
    const absl::Status status = book_.Settle(job.budget.name, job.id, *settled, clock_.NowUs());
    is_written = status.ok();
  }
  const MutexLock lock(mutex_);
  Attempt& attempt = attempts_[job.id];
  attempt.is_under_way = false;
  attempt.settled = settled;
  if (is_written) {
    attempts_.erase(job.id);
  } else {
    attempt.next = Clock::now() + WaitAfter(std::max(1, made), options_);
  }
  changed_.notify_all();
}

PostResult WebhookSender::Post(const Job& job) const {
  const absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(job.budget.webhook);
  const absl::Status allowed = url.ok() ? options_.hosts.Check(*url) : url.status();
  if (!allowed.ok()) {
    return {PostResult::Outcome::kFailed, std::string(allowed.message())};
  }
  itemized::v1::BudgetCrossing message = FromCrossing(job.budget, job.crossing);
  message.clear_delivery();
  const absl::StatusOr<std::string> body = text::ToJson(message, text::JsonLayout::kOneLine);
  if (!body.ok()) {
    return {PostResult::Outcome::kRefused, std::string(body.status().message())};
  }
  const std::string signature =
      SignWebhook(options_.secret, clock_.NowUs() / kMicrosPerSecond, *body);
  return PostWebhook(*url, {{kSignatureHeader, signature}, {"Idempotency-Key", job.id}}, *body,
                     options_.timeout, [this] { return stopping(); });
}

std::optional<Delivery> WebhookSender::Conclude(const Job& job, const PostResult& result,
                                                int made) const {
  if (result.outcome == PostResult::Outcome::kTaken) {
    return Delivery::kSent;
  }
  const bool is_too_late = clock_.NowUs() - job.crossing.noticed_us >= options_.age_max_us;
  if (result.outcome == PostResult::Outcome::kRefused || made >= options_.attempts_max ||
      is_too_late) {
    spdlog::error(
        "The webhook of budget \"{}\" was not told that {} % are spent; given up after "
        "{} attempts. {}",
        job.budget.name, job.crossing.percent, made, result.why);
    return Delivery::kGivenUp;
  }
  if (made == 1) {
    spdlog::warn(
        "The webhook of budget \"{}\" could not be told that {} % are spent; it is tried "
        "again. {}",
        job.budget.name, job.crossing.percent, result.why);
  }
  return std::nullopt;
}

}  // namespace itemized::server
