// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/budgets.pb.h"

#include "server/api/principal.h"
#include "storage/base/mutex.h"
#include "storage/base/time.h"
#include "storage/budgets/budget.h"
#include "storage/budgets/crossing.h"
#include "storage/query/new_outliers.h"

namespace itemized::server {

// News for those who watch. Whoever watches shares it with all others.
struct WatchNews {
  itemized::v1::WatchResponse message;
  std::optional<std::string> step;  // The step that it is about, if it is about one alone.
};
using WatchNewsPtr = std::shared_ptr<const WatchNews>;

// The news that wait for one who watches, at most so many: what comes beyond is counted, and told
// as missed. Thread-safe.
class Watcher {
 public:
  static constexpr size_t kWaitingMax = 500;

  // `wake` is called when there is something to take, from another thread; it must not block.
  Watcher(std::optional<std::string> step, std::function<void()> wake);

  // Returns what is next, if anything is.
  std::optional<itemized::v1::WatchResponse> Take();

  void Push(const WatchNewsPtr& news);
  void Miss(int64_t count);  // Says that so much was left out before it came here.

 private:
  const std::optional<std::string> step_;
  const std::function<void()> wake_;
  Mutex mutex_;
  std::deque<WatchNewsPtr> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t missed_ ABSL_GUARDED_BY(mutex_) = 0;  // It was left out behind what waits.
};

// Hands news to all who watch, on a thread of its own, so that neither a commit nor a judgement
// waits for anybody. Thread-safe.
class WatchHub final : public OutlierListener {
 public:
  static constexpr size_t kArrivedMax = 20'000;

  explicit WatchHub(size_t watchers_max);
  ~WatchHub() override;

  // Begins to watch: whatever comes from now on. The watcher is to be handed back.
  // RESOURCE_EXHAUSTED if too many watch. The others are those of Watcher.
  absl::StatusOr<std::shared_ptr<Watcher>> Watch(const Principal& principal,
                                                 std::optional<std::string> step,
                                                 std::function<void()> wake);
  void Leave(const std::shared_ptr<Watcher>& watcher);
  size_t watchers() const;

  bool IsListening() const override { return listening_.load(std::memory_order_relaxed); }
  void TakeOutliers(std::vector<BilledCall> outliers, int64_t left_out) override;
  void TakeCrossing(const Budget& budget, const Crossing& crossing);

 private:
  struct Arrived {
    std::vector<BilledCall> outliers;
    int64_t left_out = 0;
    WatchNewsPtr news;  // If it is set, the rest is empty.
  };

  void Put(Arrived arrived);
  void Loop();
  void HandOut(const Arrived& arrived, const std::vector<std::shared_ptr<Watcher>>& watchers);

  const size_t watchers_max_;
  std::atomic<bool> listening_ = false;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  std::deque<Arrived> arrived_ ABSL_GUARDED_BY(mutex_);
  size_t arrived_outliers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;  // Stands last, because it uses all members above.
};

}  // namespace itemized::server
