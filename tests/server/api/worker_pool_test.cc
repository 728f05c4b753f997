// SPDX-License-Identifier: Apache-2.0
#include "server/api/worker_pool.h"

#include <future>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

TEST(WorkerPool, WhatIsTakenBackIsNeverDoneAndMakesRoom) {
  std::promise<void> begun;
  std::promise<void> go_on;
  int asker = 0;
  int other = 0;
  bool is_done = false;
  bool is_other_done = false;
  {
    WorkerPool pool(1, 1);
    ASSERT_TRUE(pool.Add([&] {
      begun.set_value();
      go_on.get_future().wait();
    }));
    begun.get_future().wait();
    ASSERT_TRUE(pool.Add([&] { is_done = true; }, &asker));
    EXPECT_FALSE(pool.Add([] {}, &other));
    EXPECT_TRUE(pool.TakeBack(&asker));
    EXPECT_FALSE(pool.TakeBack(&asker));
    EXPECT_TRUE(pool.Add([&] { is_other_done = true; }, &other));
    go_on.set_value();
  }
  EXPECT_FALSE(is_done);
  EXPECT_TRUE(is_other_done);
}

}  // namespace
}  // namespace itemized::server
