// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/watch_hub.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/budgets/fake_budget_store.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Someone who watches, and takes what there is when the test says so.
class Reader {
 public:
  explicit Reader(WatchHub& hub, std::optional<std::string> step = std::nullopt) : hub_(hub) {
    watcher_ = *hub.Watch(Principal::Local(), std::move(step), [this] {
      const MutexLock lock(mutex_);
      ++woken_;
      changed_.notify_all();
    });
  }
  ~Reader() { hub_.Leave(watcher_); }

  // Waits until it was woken so often in all.
  void AwaitWoken(int count) {
    const MutexLock lock(mutex_);
    while (woken_ < count) {
      changed_.wait(mutex_);
    }
  }
  // Returns what there is: event ids, "budget NAME" and "missed COUNT".
  std::vector<std::string> TakeAll() {
    std::vector<std::string> taken;
    while (const auto news = watcher_->Take()) {
      taken.push_back(news->has_outlier()    ? news->outlier().event_id()
                      : news->has_crossing() ? "budget " + news->crossing().budget()
                                             : absl::StrCat("missed ", news->missed().count()));
    }
    return taken;
  }

 private:
  WatchHub& hub_;
  Mutex mutex_;
  CondVar changed_;
  int woken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<Watcher> watcher_;
};

BilledCall OutlierOf(const std::string& event_id, const std::string& step) {
  BilledCall call;
  call.call.event_id = event_id;
  call.call.step = step;
  call.receipt = OutlierReceipt{.p50_picos = 10, .sample_count = 40};
  return call;
}

std::vector<BilledCall> Outliers(int from, int count) {
  std::vector<BilledCall> calls;
  for (int i = 0; i < count; ++i) {
    calls.push_back(OutlierOf(absl::StrCat(from + i), "plan"));
  }
  return calls;
}

using ::testing::ElementsAre;

TEST(WatchHub, TellsAllWhoWatchOfEverythingInItsOrder) {
  WatchHub hub(4);
  EXPECT_FALSE(hub.IsListening());
  Reader one(hub);
  Reader two(hub);
  EXPECT_TRUE(hub.IsListening());
  hub.TakeOutliers(Outliers(0, 2), 0);
  hub.TakeCrossing(BudgetOf("all"), {.period = kBookDay, .percent = 50});
  hub.TakeOutliers(Outliers(2, 1), 0);
  for (Reader* reader : {&one, &two}) {
    reader->AwaitWoken(4);
    EXPECT_THAT(reader->TakeAll(), ElementsAre("0", "1", "budget all", "2"));
  }
}

TEST(WatchHub, TellsOfOneStepAloneToWhomWantsNoOther) {
  WatchHub hub(4);
  Reader reader(hub, "plan");
  Budget of_plan = BudgetOf("mine");
  of_plan.scope = {BudgetScopeKind::kStep, "", "plan"};
  Budget of_workflow = BudgetOf("of a workflow of that name");
  of_workflow.scope = {BudgetScopeKind::kWorkflow, "", "plan"};
  hub.TakeOutliers({OutlierOf("other", "answer"), OutlierOf("mine", "plan")}, 0);
  hub.TakeCrossing(BudgetOf("all"), {.period = kBookDay});
  hub.TakeCrossing(of_workflow, {.period = kBookDay});
  hub.TakeCrossing(of_plan, {.period = kBookDay});
  reader.AwaitWoken(2);
  EXPECT_THAT(reader.TakeAll(), ElementsAre("mine", "budget mine"));
}

TEST(WatchHub, TellsASlowOneHowMuchItMissedAndAQuickOneEverything) {
  WatchHub hub(4);
  Reader slow(hub);
  Reader quick(hub);
  constexpr int kWaiting = Watcher::kWaitingMax;
  std::vector<std::string> taken;
  for (int i = 0; i < kWaiting + 30; i += 10) {
    hub.TakeOutliers(Outliers(i, 10), 0);
    quick.AwaitWoken(i + 10);
    for (const std::string& id : quick.TakeAll()) {
      taken.push_back(id);
    }
  }
  slow.AwaitWoken(kWaiting + 30);
  EXPECT_EQ(taken.size(), kWaiting + 30);
  EXPECT_EQ(taken.back(), absl::StrCat(kWaiting + 29));
  const std::vector<std::string> late = slow.TakeAll();
  ASSERT_EQ(late.size(), kWaiting + 1);
  EXPECT_EQ(late[kWaiting - 1], absl::StrCat(kWaiting - 1));
  EXPECT_EQ(late.back(), "missed 30");
  hub.TakeOutliers(Outliers(9'999, 1), 0);
  slow.AwaitWoken(kWaiting + 31);
  EXPECT_THAT(slow.TakeAll(), ElementsAre("9999"));
}

TEST(WatchHub, TellsWhatACommitLeftOut) {
  WatchHub hub(4);
  Reader reader(hub);
  hub.TakeOutliers(Outliers(0, 1), 7);
  reader.AwaitWoken(2);
  EXPECT_THAT(reader.TakeAll(), ElementsAre("0", "missed 7"));
}

TEST(WatchHub, HasRoomForSoManyAndForNoMore) {
  WatchHub hub(1);
  {
    const Reader reader(hub);
    const auto refused = hub.Watch(Principal::Local(), std::nullopt, [] {});
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(hub.watchers(), 0);
  EXPECT_FALSE(hub.IsListening());
  const Reader reader(hub);
}

TEST(WatchHub, KeepsNothingWhileNobodyWatches) {
  WatchHub hub(1);
  hub.TakeOutliers(Outliers(0, 3), 0);
  hub.TakeCrossing(BudgetOf("all"), {.period = kBookDay});
  Reader reader(hub);
  hub.TakeOutliers(Outliers(7, 1), 0);
  reader.AwaitWoken(1);
  EXPECT_THAT(reader.TakeAll(), ElementsAre("7"));
}

}  // namespace
}  // namespace itemized::server
