// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/watch_hub.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "server/convert/budgets.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

WatchNewsPtr NewsOf(const BilledCall& outlier) {
  auto news = std::make_shared<WatchNews>();
  *news->message.mutable_outlier() = FromOutlier(outlier);
  news->step = outlier.call.step;
  return news;
}

}  // namespace

Watcher::Watcher(std::optional<std::string> step, std::function<void()> wake)
    : step_(std::move(step)), wake_(std::move(wake)) {}

std::optional<pb::WatchResponse> Watcher::Take() {
  WatchNewsPtr next;
  {
    const MutexLock lock(mutex_);
    if (waiting_.empty() && missed_ > 0) {
      pb::WatchResponse response;
      response.mutable_missed()->set_count(std::exchange(missed_, 0));
      return response;
    }
    if (waiting_.empty()) {
      return std::nullopt;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  return next->message;
}

void Watcher::Push(const WatchNewsPtr& news) {
  if (step_.has_value() && news->step != step_) {
    return;
  }
  {
    const MutexLock lock(mutex_);
    // Once something is missed, all is until the watcher has been told, so that it knows where.
    if (missed_ > 0 || waiting_.size() >= kWaitingMax) {
      ++missed_;
    } else {
      waiting_.push_back(news);
    }
  }
  wake_();
}

void Watcher::Miss(int64_t count) {
  {
    const MutexLock lock(mutex_);
    missed_ += count;
  }
  wake_();
}

WatchHub::WatchHub(size_t watchers_max)
    : watchers_max_(watchers_max), thread_([this] { Loop(); }) {}

WatchHub::~WatchHub() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

absl::StatusOr<std::shared_ptr<Watcher>> WatchHub::Watch(const Principal& /*principal*/,
                                                         std::optional<std::string> step,
                                                         std::function<void()> wake) {
  auto watcher = std::make_shared<Watcher>(std::move(step), std::move(wake));
  const MutexLock lock(mutex_);
  if (watchers_.size() >= watchers_max_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        watchers_max_, " clients watch already, which is the most there may be; end one of them."));
  }
  watchers_.insert(watcher);
  listening_ = true;
  return watcher;
}

void WatchHub::Leave(const std::shared_ptr<Watcher>& watcher) {
  const MutexLock lock(mutex_);
  watchers_.erase(watcher);
  listening_ = !watchers_.empty();
}

size_t WatchHub::watchers() const {
  const MutexLock lock(mutex_);
  return watchers_.size();
}

void WatchHub::TakeOutliers(std::vector<BilledCall> outliers, int64_t left_out) {
  Put({.outliers = std::move(outliers), .left_out = left_out, .news = nullptr});
}

void WatchHub::TakeCrossing(const Budget& budget, const Crossing& crossing) {
  auto news = std::make_shared<WatchNews>();
  *news->message.mutable_crossing() = FromCrossing(budget, crossing);
  if (budget.scope.kind == BudgetScopeKind::kStep) {
    news->step = budget.scope.value;
  }
  Put({.outliers = {}, .left_out = 0, .news = std::move(news)});
}

void WatchHub::Put(Arrived arrived) {
  {
    const MutexLock lock(mutex_);
    if (watchers_.empty()) {
      return;
    }
    if (arrived_outliers_ + arrived.outliers.size() > kArrivedMax) {
      arrived.left_out += static_cast<int64_t>(arrived.outliers.size());
      arrived.outliers.clear();
    }
    const bool is_only_a_count = arrived.outliers.empty() && arrived.news == nullptr;
    if (is_only_a_count && !arrived_.empty() && arrived_.back().news == nullptr) {
      arrived_.back().left_out += arrived.left_out;
      return;
    }
    arrived_outliers_ += arrived.outliers.size();
    arrived_.push_back(std::move(arrived));
  }
  changed_.notify_all();
}

void WatchHub::Loop() {
  while (true) {
    Arrived arrived;
    std::vector<std::shared_ptr<Watcher>> watchers;
    {
      const MutexLock lock(mutex_);
      while (!stop_ && arrived_.empty()) {
        changed_.wait(mutex_);
      }
      if (stop_) {
        return;
      }
      arrived = std::move(arrived_.front());
      arrived_.pop_front();
      arrived_outliers_ -= arrived.outliers.size();
      watchers.assign(watchers_.begin(), watchers_.end());
    }
    HandOut(arrived, watchers);
  }
}

void WatchHub::HandOut(const Arrived& arrived,
                       const std::vector<std::shared_ptr<Watcher>>& watchers) {
  const auto push = [&](const WatchNewsPtr& news) {
    for (const std::shared_ptr<Watcher>& watcher : watchers) {
      watcher->Push(news);
    }
  };
  for (const BilledCall& outlier : arrived.outliers) {
    push(NewsOf(outlier));
  }
  if (arrived.news != nullptr) {
    push(arrived.news);
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) {
    if (arrived.left_out > 0) {
      watcher->Miss(arrived.left_out);
    }
  }
}

}  // namespace itemized::server
