// SPDX-License-Identifier: Apache-2.0
// Many threads write while others ask. Run it with ThreadSanitizer too.

#include <atomic>
#include <condition_variable>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/base/mutex.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr int kWriters = 3;
constexpr int kBatches = 60;
constexpr int kCallsPerBatch = 20;

class Concurrency : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  }

  static EventBatch BatchOf(int writer, int batch) {
    std::vector<Call> calls;
    for (int i = 0; i < kCallsPerBatch; ++i) {
      const std::string id = std::to_string(batch) + "-" + std::to_string(i);
      // The writers share runs; ids tell their calls apart.
      calls.push_back(MakeCall(std::to_string(writer) + "-" + id, "run-" + std::to_string(batch),
                               "step-" + std::to_string(i % 4), i + 1));
      calls.back().time_us -= batch * kMicrosPerHour;
    }
    return MakeBatch(calls, {MakeCompletion("run-" + std::to_string(batch), Outcome::kCompleted,
                                            kNowUs - writer, {"step-1"})});
  }

  // Submits all batches of one writer and waits for them.
  void WriteAll(int writer) {
    Mutex mutex;
    CondVar all_done;
    int open = kBatches;
    for (int batch = 0; batch < kBatches; ++batch) {
      db().Submit({.parts = {BatchOf(writer, batch)}},
                  [&](absl::StatusOr<SubmissionResult> result) {
                    EXPECT_TRUE(result.ok()) << result.status();
                    acknowledged_ += kCallsPerBatch;
                    const std::lock_guard<Mutex> lock(mutex);
                    --open;
                    all_done.notify_one();
                  });
    }
    std::unique_lock<Mutex> lock(mutex);
    all_done.wait(lock, [&] { return open == 0; });
  }

  // Asks until the writers are done: what was acknowledged is seen, and every
  // answer is one consistent state.
  void AskUntil(const std::atomic<bool>& done) {
    while (!done) {
      const int64_t acknowledged = acknowledged_;
      const TopAnswer top = Top();
      EXPECT_GE(top.total.calls, acknowledged);
      Picos cost = 0;
      for (const TopRow& row : top.rows) {
        cost += row.sums.cost;
      }
      EXPECT_EQ(cost, top.total.cost);
      AskTheLog(acknowledged);
      Value(db().Workflows(Always()));
      db().ThresholdOf("step-1");
      db().Info();
      (void)db().GetRun("run-7");
    }
  }

  // Questions that read the log without the lock: as it was at one moment.
  void AskTheLog(int64_t acknowledged) {
    TopQuery by_model{.window = Always(), .by = GroupBy::kModel};
    by_model.filter.attributes.emplace_back("unknown", "");  // All calls.
    const TopAnswer top = Value(db().Top(by_model));
    EXPECT_GE(top.total.calls, acknowledged);
    ExpectRowsAddUp(top);
    SeriesQuery series;
    series.window = Window::Last(3 * kMicrosPerDay);
    series.filter = by_model.filter;
    series.by = GroupBy::kStep;
    const SeriesAnswer answer = Value(db().Series(series));
    int64_t calls = 0;
    for (const SeriesPoint& point : answer.points) {
      calls += point.sums.calls;
    }
    for (const SeriesGroup& group : answer.groups) {
      calls -= group.calls;
    }
    EXPECT_EQ(calls, 0);
    Value(db().Distribution({.window = Always(), .name = "step-1"}));
  }

  std::atomic<int64_t> acknowledged_{0};
};

TEST_F(Concurrency, SumsAreExactHoweverWritesAndQuestionsInterleave) {
  std::atomic<bool> done{false};
  std::vector<std::thread> askers;
  for (int i = 0; i < 2; ++i) {
    askers.emplace_back([&] { AskUntil(done); });
  }
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([this, writer] { WriteAll(writer); });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  done = true;
  for (std::thread& asker : askers) {
    asker.join();
  }

  EXPECT_EQ(Top().total.calls, kWriters * kBatches * kCallsPerBatch);
  EXPECT_EQ(TotalCost(), Picos{kWriters * kBatches * 210});  // 1 + 2 + ... + 20.
  // The calls of step-1 cost 2, 6, 10, 14 and 18 of those 1 to 20.
  EXPECT_EQ(Top().unsurfaced, Picos{kWriters * kBatches * 50});
  EXPECT_EQ(WorkflowOf("support_ticket").runs[1], kBatches);
}

TEST_F(Concurrency, TheSameBatchFromManyThreadsIsCountedOnce) {
  std::atomic<int64_t> accepted{0};
  std::atomic<int64_t> duplicate{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      for (int batch = 0; batch < 10; ++batch) {
        EventBatch same = BatchOf(0, batch);
        same.completions.clear();
        const BatchResult result = Value(db().Write(std::move(same)));
        accepted += result.accepted;
        duplicate += result.duplicate;
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_EQ(accepted, 10 * kCallsPerBatch);
  EXPECT_EQ(duplicate, 30 * kCallsPerBatch);
  EXPECT_EQ(Top().total.calls, 10 * kCallsPerBatch);
}

TEST_F(Concurrency, RatesAndRetractionsAmongWritesLeaveOneTruth) {
  std::thread writer([&] { WriteAll(0); });
  std::thread rater([&] {
    for (int price = 1; price <= 20; ++price) {
      SetRates({MakeRate("claude-sonnet-4-6", price, 1)});
    }
  });
  std::thread retractor([&] {
    for (int batch = 0; batch < kBatches; ++batch) {
      Value(db().Retract({{"run-" + std::to_string(batch), "0-" + std::to_string(batch) + "-0"}}));
    }
  });
  writer.join();
  rater.join();
  retractor.join();
  // Whatever was retracted was the one call of its batch that cost 1 token.
  const CallSums total = Top().total;
  const int64_t retracted = kBatches * kCallsPerBatch - total.calls;
  EXPECT_GE(retracted, 0);
  EXPECT_EQ(total.cost, Picos{20} * (kBatches * 210 - retracted));
  ASSERT_TRUE(db().Checkpoint().ok());
}

TEST_F(Concurrency, WhatIsSubmittedWhenTheDatabaseClosesIsCommitted) {
  std::promise<absl::StatusOr<SubmissionResult>> promise;
  db().Submit({.parts = {BatchOf(0, 0)}},
              [&](auto result) { promise.set_value(std::move(result)); });
  Close();
  const absl::StatusOr<SubmissionResult> result = promise.get_future().get();
  ASSERT_TRUE(result.ok()) << result.status();
  Reopen();
  EXPECT_EQ(Top().total.calls, kCallsPerBatch);
}

// How many are refused depends on the disk; that no call is lost or doubled
// does not.
TEST_F(Concurrency, WhatTheQueueRefusesIsNotStoredAndCanBeSentAgain) {
  DatabaseOptions options = Options();
  options.pending_events_max = kCallsPerBatch;
  Reopen(options);
  std::vector<std::promise<absl::StatusOr<SubmissionResult>>> answers(kBatches);
  for (int batch = 0; batch < kBatches; ++batch) {
    db().Submit({.parts = {BatchOf(0, batch)}},
                [&answers, batch](absl::StatusOr<SubmissionResult> result) {
                  answers[static_cast<size_t>(batch)].set_value(std::move(result));
                });
  }
  int64_t stored = 0;
  std::vector<int> refused;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto result = answers[static_cast<size_t>(batch)].get_future().get();
    if (result.ok()) {
      stored += kCallsPerBatch;
    } else {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << result.status();
      refused.push_back(batch);
    }
  }
  EXPECT_EQ(Top().total.calls, stored);
  for (const int batch : refused) {
    EXPECT_EQ(Value(db().Write(BatchOf(0, batch))).duplicate, 0);
  }
  EXPECT_EQ(Top().total.calls, kBatches * kCallsPerBatch);
}

}  // namespace
}  // namespace itemized::testing
