// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/unused_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

using Steps = std::vector<NameId>;

Steps StepsOf(const UnusedIndex& index, const std::string& workflow_id) {
  const absl::Span<const NameId> steps = index.Find(workflow_id);
  return Steps(steps.begin(), steps.end());
}

TEST(UnusedIndex, TellsTheStepsThatWereSetLast) {
  UnusedIndex index;
  index.Set("a", {1, 5});
  index.Set("b", {1, 5});
  index.Set("c", {2});
  index.Set("b", {7});
  EXPECT_EQ(StepsOf(index, "a"), Steps({1, 5}));
  EXPECT_EQ(StepsOf(index, "b"), Steps({7}));
  EXPECT_EQ(StepsOf(index, "c"), Steps({2}));
  EXPECT_EQ(StepsOf(index, ""), Steps());
}

TEST(UnusedIndex, ForgetsARunWithoutAny) {
  UnusedIndex index;
  index.Set("never", {});
  index.Set("a", {1});
  index.Set("a", {});
  EXPECT_EQ(StepsOf(index, "a"), Steps());
  EXPECT_EQ(index.size(), 0U);
}

TEST(UnusedIndex, TellsManyRunsApart) {
  constexpr NameId kRuns = 100'000;
  UnusedIndex index;
  for (NameId i = 0; i < kRuns; ++i) {
    index.Set("run-" + std::to_string(i), {i % 100});
  }
  for (NameId i = 0; i < kRuns; ++i) {
    ASSERT_EQ(StepsOf(index, "run-" + std::to_string(i)), Steps({i % 100}));
  }
  EXPECT_EQ(StepsOf(index, "run-" + std::to_string(kRuns)), Steps());
}

Steps StepsOf(const UnusedIndex::View& view, const std::string& workflow_id) {
  const absl::Span<const NameId> steps = view.Find(workflow_id);
  return Steps(steps.begin(), steps.end());
}

TEST(UnusedIndex, ShowsEachViewWhatThereWasWhenItWasMade) {
  UnusedIndex index;
  index.Set("changed", {1});
  index.Set("forgotten", {2});
  index.Set("same", {3});
  const UnusedIndex::View first = index.Now();
  index.Set("changed", {4});
  index.Set("forgotten", {});
  index.Set("new", {5});
  const UnusedIndex::View second = index.Now();
  index.Set("changed", {6});
  index.Set("forgotten", {7});
  index.Set("new", {});
  EXPECT_EQ(StepsOf(first, "changed"), Steps({1}));
  EXPECT_EQ(StepsOf(first, "forgotten"), Steps({2}));
  EXPECT_EQ(StepsOf(first, "same"), Steps({3}));
  EXPECT_EQ(StepsOf(first, "new"), Steps());
  EXPECT_EQ(StepsOf(second, "changed"), Steps({4}));
  EXPECT_EQ(StepsOf(second, "forgotten"), Steps());
  EXPECT_EQ(StepsOf(second, "same"), Steps({3}));
  EXPECT_EQ(StepsOf(second, "new"), Steps({5}));
  EXPECT_EQ(StepsOf(index, "changed"), Steps({6}));
  EXPECT_EQ(StepsOf(index, "forgotten"), Steps({7}));
}

TEST(UnusedIndex, ShowsALaterViewWhatWasSetWhileThereWasNone) {
  UnusedIndex index;
  {
    const UnusedIndex::View view = index.Now();
    index.Set("a", {1});
    EXPECT_EQ(StepsOf(view, "a"), Steps());
  }
  index.Set("a", {2});
  const UnusedIndex::View view = index.Now();
  EXPECT_EQ(StepsOf(view, "a"), Steps({2}));
  index.Set("b", {3});
  EXPECT_EQ(StepsOf(view, "a"), Steps({2}));
  EXPECT_EQ(StepsOf(view, "b"), Steps());
}

}  // namespace
}  // namespace itemized
