// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/run_endings.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace itemized {
namespace {

using Steps = std::vector<NameId>;

Steps Numbered(const std::vector<uint32_t>& numbers) {
  return Steps(numbers.begin(), numbers.end());
}

RunEnding Unused(const std::vector<uint32_t>& numbers) {
  return {.outcome = Outcome::kCompleted, .unused_steps = Numbered(numbers)};
}

Steps StepsOf(const RunEndings& endings, const std::string& workflow_id) {
  const RunEnding* const ending = endings.Find(HashRun(workflow_id));
  return ending == nullptr ? Steps() : ending->unused_steps;
}

TEST(RunEndings, TellsTheStepsThatWereSetLast) {
  RunEndings endings;
  endings.Set("a", Unused({1, 5}));
  endings.Set("b", Unused({1, 5}));
  endings.Set("c", Unused({2}));
  endings.Set("b", Unused({7}));
  EXPECT_EQ(StepsOf(endings, "a"), Numbered({1, 5}));
  EXPECT_EQ(StepsOf(endings, "b"), Numbered({7}));
  EXPECT_EQ(StepsOf(endings, "c"), Numbered({2}));
  EXPECT_EQ(StepsOf(endings, ""), Steps());
}

TEST(RunEndings, ForgetsARunWithoutAny) {
  RunEndings endings;
  endings.Set("never", {});
  endings.Set("a", Unused({1}));
  endings.Set("a", {});
  EXPECT_EQ(StepsOf(endings, "a"), Steps());
  EXPECT_EQ(endings.size(), 0U);
}

TEST(RunEndings, TellsTheOutcomesOfRunsThatWereNotCompleted) {
  RunEndings endings;
  endings.Set("open", {});
  endings.Set("completed", {.outcome = Outcome::kCompleted, .unused_steps = {}});
  endings.Set("failed", {.outcome = Outcome::kFailed, .unused_steps = {}});
  endings.Set("abandoned", {.outcome = Outcome::kAbandoned, .unused_steps = Numbered({3})});
  EXPECT_EQ(endings.Find(HashRun("open")), nullptr);
  EXPECT_EQ(endings.Find(HashRun("completed")), nullptr);
  EXPECT_EQ(endings.Find(HashRun("failed"))->outcome, Outcome::kFailed);
  EXPECT_EQ(endings.Find(HashRun("abandoned"))->outcome, Outcome::kAbandoned);
  EXPECT_EQ(endings.Find(HashRun("abandoned"))->unused_steps, Numbered({3}));
  EXPECT_EQ(endings.size(), 2U);
}

TEST(RunEndings, TellsManyRunsApart) {
  constexpr uint32_t kRuns = 100'000;
  RunEndings endings;
  for (uint32_t i = 0; i < kRuns; ++i) {
    endings.Set("run-" + std::to_string(i), Unused({i % 100}));
  }
  for (uint32_t i = 0; i < kRuns; ++i) {
    ASSERT_EQ(StepsOf(endings, "run-" + std::to_string(i)), Numbered({i % 100}));
  }
  EXPECT_EQ(StepsOf(endings, "run-" + std::to_string(kRuns)), Steps());
}

Steps StepsOf(const RunEndings::View& view, const std::string& workflow_id) {
  const RunEnding* const ending = view.Find(HashRun(workflow_id));
  return ending == nullptr ? Steps() : ending->unused_steps;
}

TEST(RunEndings, ShowsEachViewWhatThereWasWhenItWasMade) {
  RunEndings endings;
  endings.Set("changed", Unused({1}));
  endings.Set("forgotten", Unused({2}));
  endings.Set("same", Unused({3}));
  const RunEndings::View first = endings.Now();
  endings.Set("changed", Unused({4}));
  endings.Set("forgotten", {});
  endings.Set("new", Unused({5}));
  const RunEndings::View second = endings.Now();
  endings.Set("changed", Unused({6}));
  endings.Set("forgotten", Unused({7}));
  endings.Set("new", {});
  EXPECT_EQ(StepsOf(first, "changed"), Numbered({1}));
  EXPECT_EQ(StepsOf(first, "forgotten"), Numbered({2}));
  EXPECT_EQ(StepsOf(first, "same"), Numbered({3}));
  EXPECT_EQ(StepsOf(first, "new"), Steps());
  EXPECT_EQ(StepsOf(second, "changed"), Numbered({4}));
  EXPECT_EQ(StepsOf(second, "forgotten"), Steps());
  EXPECT_EQ(StepsOf(second, "same"), Numbered({3}));
  EXPECT_EQ(StepsOf(second, "new"), Numbered({5}));
  EXPECT_EQ(StepsOf(endings, "changed"), Numbered({6}));
  EXPECT_EQ(StepsOf(endings, "forgotten"), Numbered({7}));
}

TEST(RunEndings, ShowsALaterViewWhatWasSetWhileThereWasNone) {
  RunEndings endings;
  {
    const RunEndings::View view = endings.Now();
    endings.Set("a", Unused({1}));
    EXPECT_EQ(StepsOf(view, "a"), Steps());
  }
  endings.Set("a", Unused({2}));
  const RunEndings::View view = endings.Now();
  EXPECT_EQ(StepsOf(view, "a"), Numbered({2}));
  endings.Set("b", Unused({3}));
  EXPECT_EQ(StepsOf(view, "a"), Numbered({2}));
  EXPECT_EQ(StepsOf(view, "b"), Steps());
}

}  // namespace
}  // namespace itemized
