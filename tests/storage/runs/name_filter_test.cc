// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/name_filter.h"

#include <string>

#include <gtest/gtest.h>

namespace itemized {
namespace {

std::string NameOf(int i) {
  return "run-" + std::to_string(i);
}

TEST(NameFilter, AnEmptyOneContainsNothing) {
  EXPECT_FALSE(NameFilter().MayContain("run-1"));
  EXPECT_FALSE(NameFilter().MayContain(""));
}

// Far beyond the first part, so that it has grown several times.
TEST(NameFilter, ContainsEveryNameAddedAndFewOthers) {
  constexpr int kNames = 300'000;
  NameFilter filter;
  for (int i = 0; i < kNames; ++i) {
    filter.Add(NameOf(i));
  }
  int others = 0;
  for (int i = 0; i < kNames; ++i) {
    ASSERT_TRUE(filter.MayContain(NameOf(i))) << i;
    others += filter.MayContain(NameOf(kNames + i)) ? 1 : 0;
  }
  EXPECT_LT(others, kNames / 100);
}

}  // namespace
}  // namespace itemized
