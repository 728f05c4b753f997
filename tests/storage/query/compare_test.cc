// SPDX-License-Identifier: Apache-2.0
// Why spend changed: what each cause is given, by histories in which one thing at a time changes.

#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr int64_t kDayUs = kMicrosPerDay;
// The side before is the day before kNowUs, and the side after the day that begins there.
constexpr TimeRange kBefore{kNowUs - kDayUs, kNowUs};
constexpr TimeRange kAfter{kNowUs, kNowUs + kDayUs};
constexpr int64_t kHaikuIn = 1'000'000;
constexpr int64_t kHaikuOut = 5'000'000;
constexpr int64_t kCacheRead = 300'000;

class Comparing : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    Rate sonnet = MakeRate("claude-sonnet-4-6", kSonnetIn, kSonnetOut);
    SetPrice(&sonnet.prices, UsageClass::kCacheRead, kCacheRead);
    SetRates({sonnet, MakeRate("claude-haiku-4-5", kHaikuIn, kHaikuOut)});
    clock().Set(kNowUs + 2 * kDayUs);
  }

  // Stores a call of a run that is one of the workflow "ticket", on either side.
  void StoreCall(bool after, const std::string& run, const std::string& step, int64_t in,
                 int64_t out, const std::string& model = "claude-sonnet-4-6", int64_t cached = 0) {
    Call call = MakeCall("c-" + std::to_string(++calls_), run + (after ? "-after" : "-before"),
                         step, in, out);
    call.workflow = "ticket";
    call.model = model;
    (*call.usage)[UsageClass::kCacheRead] = cached;
    call.time_us = (after ? kNowUs : kNowUs - kDayUs) + calls_ * kMinuteUs;
    call.attributes = {{"release", after ? "42" : "41"}};
    Store({call});
  }

  CompareAnswer Compare(NameKind by = NameKind::kStep) {
    return Value(db().Compare({.before = {.window = Window::Of(kBefore)},
                               .after = {.window = Window::Of(kAfter)},
                               .by = by}));
  }

  // Expects that the change has this cause alone.
  void ExpectOnly(ChangeCause cause, const CompareAnswer& answer) {
    const Picos change = answer.after.cost - answer.before.cost;
    EXPECT_NE(change, 0);
    for (size_t i = 0; i < kChangeCauseCount; ++i) {
      EXPECT_EQ(answer.causes[i], i == static_cast<size_t>(cause) ? change : Picos{0})
          << "cause " << i;
    }
  }

  int64_t calls_ = 0;
};

Picos PartOf(const CompareAnswer& answer, ChangeCause cause) {
  return answer.causes[static_cast<size_t>(cause)];
}

TEST_F(Comparing, AStepThatWasAddedIsANewStep) {
  for (const bool after : {false, true}) {
    StoreCall(after, "a", "writing", 1000, 100);
  }
  StoreCall(true, "a", "planning", 500, 20);
  const CompareAnswer answer = Compare();
  ExpectOnly(ChangeCause::kNewStep, answer);
  ASSERT_EQ(answer.rows.size(), 2U);
  EXPECT_EQ(answer.rows[0].key, "planning");
  EXPECT_EQ(answer.rows[0].change(), 500 * Picos{kSonnetIn} + 20 * Picos{kSonnetOut});
  EXPECT_FALSE(answer.rows[0].before.p50_duration_us.has_value());
  EXPECT_TRUE(answer.rows[0].after.p50_duration_us.has_value());
}

TEST_F(Comparing, AStepThatIsGoneIsARemovedStep) {
  for (const bool after : {false, true}) {
    StoreCall(after, "a", "writing", 1000, 100);
  }
  StoreCall(false, "a", "planning", 500, 20);
  ExpectOnly(ChangeCause::kRemovedStep, Compare());
}

TEST_F(Comparing, MoreRunsAreVolume) {
  StoreCall(false, "a", "writing", 1000, 100);
  for (const char* run : {"a", "b", "c"}) {
    StoreCall(true, run, "writing", 1000, 100);
  }
  const CompareAnswer answer = Compare();
  ExpectOnly(ChangeCause::kVolume, answer);
  EXPECT_EQ(answer.before_runs, 1);
  EXPECT_EQ(answer.after_runs, 3);
}

TEST_F(Comparing, MoreCallsInARunAreCallsPerRun) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100);
  ExpectOnly(ChangeCause::kCallsPerRun, Compare());
}

TEST_F(Comparing, AWorkflowThatCameWithKnownStepsIsVolume) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100);
  Call other = MakeCall("other", "other run", "writing", 700, 10);
  other.workflow = "audit";
  other.time_us = kNowUs + kMinuteUs;
  Store({other});
  ExpectOnly(ChangeCause::kVolume, Compare());
}

TEST_F(Comparing, LongerPromptsAreInputTokens) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1700, 100);
  ExpectOnly(ChangeCause::kInputTokens, Compare());
}

TEST_F(Comparing, LongerAnswersAreOutputTokens) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 130);
  ExpectOnly(ChangeCause::kOutputTokens, Compare());
}

TEST_F(Comparing, TheSamePromptFromTheCacheIsTheCache) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 200, 100, "claude-sonnet-4-6", 800);
  const CompareAnswer answer = Compare();
  ExpectOnly(ChangeCause::kCache, answer);
  EXPECT_EQ(answer.after.cost - answer.before.cost, 800 * Picos{kCacheRead - kSonnetIn});
}

TEST_F(Comparing, TheSameTokensOfAnotherModelAreTheModelMix) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100, "claude-haiku-4-5");
  ExpectOnly(ChangeCause::kModelMix, Compare());
  const CompareAnswer by_model = Compare(NameKind::kModel);
  ASSERT_EQ(by_model.rows.size(), 2U);
  EXPECT_EQ(by_model.rows[0].key, "claude-sonnet-4-6");
  EXPECT_EQ(by_model.rows[0].after.cost, 0);
}

TEST_F(Comparing, TheSameTokensAtAnotherRateAreThePrice) {
  Rate dearer = MakeRate("claude-sonnet-4-6", 2 * kSonnetIn, 2 * kSonnetOut, kNowUs);
  SetPrice(&dearer.prices, UsageClass::kCacheRead, kCacheRead);
  SetRates({dearer});
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100);
  ExpectOnly(ChangeCause::kPrice, Compare());
}

TEST_F(Comparing, CallsWithoutARateBeforeAreThePrice) {
  SetRates({MakeRate("new-model", 7, 9, kNowUs)});
  StoreCall(false, "a", "writing", 1000, 100, "new-model");
  StoreCall(true, "a", "writing", 1000, 100, "new-model");
  const CompareAnswer answer = Compare();
  ExpectOnly(ChangeCause::kPrice, answer);
  EXPECT_EQ(answer.before.unpriced_calls, 1);
  EXPECT_EQ(answer.after.unpriced_calls, 0);
}

TEST_F(Comparing, SeveralCausesAddUpInEveryRowAndBetweenRows) {
  for (int run = 0; run < 5; ++run) {
    StoreCall(false, "r" + std::to_string(run), "writing", 1000 + run, 100);
    StoreCall(false, "r" + std::to_string(run), "reading", 333, 77, "claude-haiku-4-5");
  }
  for (int run = 0; run < 8; ++run) {
    StoreCall(true, "r" + std::to_string(run), "writing", 1700 + run, 80, "claude-sonnet-4-6", 500);
    StoreCall(true, "r" + std::to_string(run), "writing", 170, 81, "claude-haiku-4-5");
    StoreCall(true, "r" + std::to_string(run), "planning", 17, 8);
  }
  for (const NameKind by :
       {NameKind::kStep, NameKind::kWorkflow, NameKind::kProvider, NameKind::kModel}) {
    const CompareAnswer answer = Compare(by);
    EXPECT_EQ(answer.before.cost, Value(db().Top({.window = Window::Of(kBefore)})).total.cost);
    EXPECT_EQ(answer.after.cost, Value(db().Top({.window = Window::Of(kAfter)})).total.cost);
    PicosByCause causes{};
    for (const CompareRow& row : answer.rows) {
      EXPECT_EQ(std::accumulate(row.causes.begin(), row.causes.end(), Picos{0}), row.change());
      for (size_t cause = 0; cause < kChangeCauseCount; ++cause) {
        causes[cause] += row.causes[cause];
      }
    }
    EXPECT_EQ(causes, answer.causes);
    EXPECT_GT(PartOf(answer, ChangeCause::kVolume), 0);
    EXPECT_GT(PartOf(answer, ChangeCause::kNewStep), 0);
    EXPECT_LT(PartOf(answer, ChangeCause::kRemovedStep), 0);
  }
}

TEST_F(Comparing, TwoValuesOfAnAttributeCountTheRunsThatHaveThem) {
  StoreCall(false, "a", "writing", 1000, 100);
  StoreCall(true, "a", "writing", 1000, 100);
  StoreCall(true, "b", "writing", 1000, 100);
  const CompareAnswer answer = Value(db().Compare(
      {.before = {.window = Always(), .filter = {.names = {}, .attributes = {{"release", "41"}}}},
       .after = {.window = Always(), .filter = {.names = {}, .attributes = {{"release", "42"}}}}}));
  ExpectOnly(ChangeCause::kVolume, answer);
  EXPECT_EQ(answer.before_runs, 1);
  EXPECT_EQ(answer.after_runs, 2);
  EXPECT_EQ(answer.before_range, answer.after_range);
}

TEST_F(Comparing, WindowsThatOverlapAreRefused) {
  const auto compare = [&](TimeRange before, TimeRange after, const CallFilter& filter) {
    return db().Compare({.before = {.window = Window::Of(before), .filter = filter},
                         .after = {.window = Window::Of(after), .filter = filter}});
  };
  const TimeRange late{kNowUs - 1, kNowUs + 5};
  EXPECT_EQ(compare(kBefore, late, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(compare(late, kBefore, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(compare(kBefore, kBefore, OfStep("a")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(compare(kAfter, kBefore, {}).ok());
}

TEST_F(Comparing, WindowsMayOverlapIfNoCallCanBeOnBothSides) {
  const auto compare = [&](const CallFilter& before, const CallFilter& after) {
    return db().Compare({.before = {.window = Always(), .filter = before},
                         .after = {.window = Always(), .filter = after}});
  };
  EXPECT_TRUE(compare(OfStep("a"), OfStep("b")).ok());
  CallFilter aws;
  aws[NameKind::kProvider] = "aws.bedrock";
  CallFilter bedrock;
  bedrock[NameKind::kProvider] = "bedrock";
  EXPECT_FALSE(compare(aws, bedrock).ok()) << "They are names of one provider.";
  const CallFilter tenant{.names = {}, .attributes = {{"tenant", "acme"}}};
  const CallFilter release{.names = {}, .attributes = {{"release", "41"}}};
  EXPECT_FALSE(compare(tenant, release).ok());
}

}  // namespace
}  // namespace itemized::testing
