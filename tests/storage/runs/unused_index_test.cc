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

Steps StepsOf(const UnusedIndex::View& view, const std::string& workflow_id) {
  const absl::Span<const NameId> steps = view.Find(workflow_id);
  return Steps(steps.begin(), steps.end());
}

TEST(UnusedIndex, ShowsEachViewWhatThereWasWhenItWasMade) {
  UnusedIndex index;
  index.Set("changed", Numbered({1}));
  index.Set("forgotten", Numbered({2}));
  index.Set("same", Numbered({3}));
  const UnusedIndex::View first = index.Now();
  index.Set("changed", Numbered({4}));
  index.Set("forgotten", {});
  index.Set("new", Numbered({5}));
  const UnusedIndex::View second = index.Now();
  index.Set("changed", Numbered({6}));
  index.Set("forgotten", Numbered({7}));
  index.Set("new", {});
  EXPECT_EQ(StepsOf(first, "changed"), Numbered({1}));
  EXPECT_EQ(StepsOf(first, "forgotten"), Numbered({2}));
  EXPECT_EQ(StepsOf(first, "same"), Numbered({3}));
  EXPECT_EQ(StepsOf(first, "new"), Steps());
  EXPECT_EQ(StepsOf(second, "changed"), Numbered({4}));
  EXPECT_EQ(StepsOf(second, "forgotten"), Steps());
  EXPECT_EQ(StepsOf(second, "same"), Numbered({3}));
  EXPECT_EQ(StepsOf(second, "new"), Numbered({5}));
  EXPECT_EQ(StepsOf(index, "changed"), Numbered({6}));
  EXPECT_EQ(StepsOf(index, "forgotten"), Numbered({7}));
}

TEST(UnusedIndex, ShowsALaterViewWhatWasSetWhileThereWasNone) {
  UnusedIndex index;
  {
    const UnusedIndex::View view = index.Now();
    index.Set("a", Numbered({1}));
    EXPECT_EQ(StepsOf(view, "a"), Steps());
  }
  index.Set("a", Numbered({2}));
  const UnusedIndex::View view = index.Now();
  EXPECT_EQ(StepsOf(view, "a"), Numbered({2}));
  index.Set("b", Numbered({3}));
  EXPECT_EQ(StepsOf(view, "a"), Numbered({2}));
  EXPECT_EQ(StepsOf(view, "b"), Steps());
}

}  // namespace
}  // namespace itemized
