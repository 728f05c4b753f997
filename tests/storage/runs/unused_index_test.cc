// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/unused_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

using Steps = std::vector<NameId>;

Steps Numbered(const std::vector<uint32_t>& numbers) {
  return Steps(numbers.begin(), numbers.end());
}

Steps StepsOf(const UnusedIndex& index, const std::string& workflow_id) {
  const absl::Span<const NameId> steps = index.Find(workflow_id);
  return Steps(steps.begin(), steps.end());
}

TEST(UnusedIndex, TellsTheStepsThatWereSetLast) {
  UnusedIndex index;
  index.Set("a", Numbered({1, 5}));
  index.Set("b", Numbered({1, 5}));
  index.Set("c", Numbered({2}));
  index.Set("b", Numbered({7}));
  EXPECT_EQ(StepsOf(index, "a"), Numbered({1, 5}));
  EXPECT_EQ(StepsOf(index, "b"), Numbered({7}));
  EXPECT_EQ(StepsOf(index, "c"), Numbered({2}));
  EXPECT_EQ(StepsOf(index, ""), Steps());
}

TEST(UnusedIndex, ForgetsARunWithoutAny) {
  UnusedIndex index;
  index.Set("never", {});
  index.Set("a", Numbered({1}));
  index.Set("a", {});
  EXPECT_EQ(StepsOf(index, "a"), Steps());
  EXPECT_EQ(index.size(), 0U);
}

TEST(UnusedIndex, TellsManyRunsApart) {
  constexpr uint32_t kRuns = 100'000;
  UnusedIndex index;
  for (uint32_t i = 0; i < kRuns; ++i) {
    index.Set("run-" + std::to_string(i), Numbered({i % 100}));
  }
  for (uint32_t i = 0; i < kRuns; ++i) {
    ASSERT_EQ(StepsOf(index, "run-" + std::to_string(i)), Numbered({i % 100}));
  }
  EXPECT_EQ(StepsOf(index, "run-" + std::to_string(kRuns)), Steps());
}

}  // namespace
}  // namespace itemized
