// SPDX-License-Identifier: Apache-2.0
#include "storage/base/parallel_for.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "storage/base/mutex.h"

namespace itemized {
namespace {

TEST(ParallelFor, DoesEachTaskOnceWithAnyNumberOfThreads) {
  for (const size_t threads : {1U, 2U, 3U, 8U}) {
    ThreadTeam team("test", threads);
    EXPECT_EQ(team.threads(), threads);
    for (const size_t count : {0U, 1U, 2U, 5U, 1'000U}) {
      std::vector<std::atomic<int>> done(count);
      team.ParallelFor(count, [&](size_t i) { ++done[i]; });
      ParallelFor(threads, count, [&](size_t i) { ++done[i]; });
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(done[i], 2) << threads << " threads, task " << i << " of " << count;
      }
    }
  }
}

// Each task waits until all have begun, which one thread fewer could not bring about.
TEST(ParallelFor, HasAllThreadsAtWorkAtOnce) {
  for (const size_t threads : {1U, 2U, 4U}) {
    Mutex mutex;
    CondVar changed;
    size_t begun = 0;
    ParallelFor(threads, threads, [&](size_t) {
      std::unique_lock<Mutex> lock(mutex);
      ++begun;
      changed.notify_all();
      EXPECT_TRUE(
          changed.wait_for(lock, std::chrono::seconds(60), [&] { return begun == threads; }));
    });
  }
}

}  // namespace
}  // namespace itemized
