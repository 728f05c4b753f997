// SPDX-License-Identifier: Apache-2.0
#include "storage/base/mutex.h"

#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace itemized {
namespace {

// Two readers, each of which holds the lock until the other one has it too, so that it is never
// free, unless the other one is not let in.
TEST(SharedMutex, LetsAWriterInThoughReadersFollowUponEachOther) {
  constexpr int kTurnsMax = 20'000;
  constexpr int kPatience = 20'000;
  SharedMutex mutex;
  std::atomic<int> turns = 0;
  std::atomic<bool> is_written = false;
  const auto read = [&] {
    while (!is_written && turns < kTurnsMax) {
      const ReaderLock lock(mutex);
      const int mine = ++turns;
      for (int i = 0; i < kPatience && turns == mine && !is_written; ++i) {
        std::this_thread::yield();
      }
    }
  };
  std::array<std::thread, 2> readers = {std::thread(read), std::thread(read)};
  while (turns < 2) {
    std::this_thread::yield();
  }
  {
    const WriterLock lock(mutex);
    is_written = true;
  }
  const int turns_until_written = turns;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_LT(turns_until_written, kTurnsMax);
}

TEST(SharedMutex, HasManyReadersOrOneWriter) {
  constexpr int kRounds = 2'000;
  SharedMutex mutex;
  int count = 0;
  const auto add = [&] {
    for (int i = 0; i < kRounds; ++i) {
      const WriterLock lock(mutex);
      ++count;
    }
  };
  const auto look = [&] {
    for (int last = 0; last < 2 * kRounds;) {
      const ReaderLock lock(mutex);
      ASSERT_GE(count, last);
      last = count;
    }
  };
  std::array<std::thread, 4> threads = {std::thread(add), std::thread(add), std::thread(look),
                                        std::thread(look)};
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(count, 2 * kRounds);
}

}  // namespace
}  // namespace itemized
