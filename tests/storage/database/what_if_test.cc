// SPDX-License-Identifier: Apache-2.0
// What changes would have saved, by hand. tests/storage/database/oracle_what_if.cc compares random
// ones with the naive model.

#include "storage/query/what_if.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kHaikuIn = 1'000'000;
constexpr int64_t kHaikuOut = 5'000'000;
constexpr int64_t kSonnetCached = 300'000;

// A share of `percent` hundredths.
constexpr int64_t Share(int64_t percent) {
  return percent * (kShareWhole / 100);
}

class WhatIfTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    Rate sonnet = MakeRate("claude-sonnet-4-6", kSonnetIn, kSonnetOut);
    SetPrice(&sonnet.prices, UsageClass::kCacheRead, kSonnetCached);
    SetRates({sonnet, MakeRate("claude-haiku-4-5", kHaikuIn, kHaikuOut)});
  }

  WhatIfAnswer Ask(const std::vector<StepChange>& changes) {
    return Value(db().WhatIf({.window = Always(), .changes = changes}));
  }
  std::string RefusalOf(const std::vector<StepChange>& changes) {
    const absl::Status status = db().WhatIf({.window = Always(), .changes = changes}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }
};

// A hundred tickets as in the article: 42,800 tokens of documents for an answer that 61 of them do
// not use, a plan by a model that is dearer than it has to be, and research with a long instruction
// that is sent anew each time.
TEST_F(WhatIfTest, ReproducesTheArticle) {
  std::vector<Call> calls;
  std::vector<Completion> ends;
  for (int i = 0; i < 100; ++i) {
    const std::string run = "run-" + std::to_string(i);
    calls.push_back(MakeCall("d", run, "doc_synthesis", 42'800, 1'400));
    calls.push_back(MakeCall("p", run, "planning", 8'400, 620));
    calls.push_back(MakeCall("r", run, "research", 20'000, 1'000));
    calls.push_back(MakeCall("w", run, "draft_reply", 14'000, 2'560));
    ends.push_back(MakeCompletion(
        run, Outcome::kCompleted, kNowUs,
        i < 61 ? std::vector<std::string>{"doc_synthesis"} : std::vector<std::string>{}));
  }
  Store(calls, ends);
  const Gate gate{.skip = {}, .cost = 40'000'000, .setup = 50 * kPicosPerUsd};  // $0.00004 a call.
  const WhatIfAnswer answer =
      Ask({{.step = "doc_synthesis", .what = gate},
           {.step = "doc_synthesis", .what = InputCap{.tokens = 3'200}},
           {.step = "planning", .what = ModelSwap{.model = "claude-haiku-4-5"}},
           {.step = "research", .what = CacheShare{.share = Share(80)}}});

  // A call of doc_synthesis takes $0.1494, of planning 0.0345, research 0.075, draft_reply 0.0804.
  EXPECT_EQ(answer.before, Picos{33'930'000'000'000});
  // The gate saves 61 % of 14.94 USD, less 100 gates of 0.00004 USD.
  EXPECT_EQ(answer.changes[0].saving, Picos{9'113'400'000'000 - 4'000'000'000});
  ASSERT_TRUE(answer.changes[0].gate.has_value());
  EXPECT_EQ(answer.changes[0].gate->skip, Share(61));
  EXPECT_TRUE(answer.changes[0].gate->is_measured);
  EXPECT_EQ(answer.changes[0].gate->unused_runs, 61);
  EXPECT_EQ(answer.changes[0].gate->runs, 100);
  // 0.00004 / 0.1494, and 50 / 0.091094.
  EXPECT_EQ(answer.changes[0].gate->break_even_skip, Picos{267'737'617});
  EXPECT_EQ(answer.changes[0].gate->break_even_calls, 549);
  EXPECT_EQ(answer.changes[0].counts.changed, 61);
  // The other 39 calls lose 39,600 tokens of input each.
  EXPECT_EQ(answer.changes[1].saving, Picos{39} * 39'600 * kSonnetIn);
  EXPECT_EQ(answer.changes[2].saving,
            Picos{100} * (8'400 * (kSonnetIn - kHaikuIn) + 620 * (kSonnetOut - kHaikuOut)));
  EXPECT_EQ(answer.changes[3].saving, Picos{100} * 16'000 * (kSonnetIn - kSonnetCached));
  Picos sum = 0;
  for (const ChangeOutcome& change : answer.changes) {
    sum += change.saving;
  }
  EXPECT_EQ(answer.before - answer.after, sum);
  const auto percent = static_cast<double>(sum * 100) / static_cast<double>(answer.before);
  EXPECT_NEAR(percent, 60, 1);
}

TEST_F(WhatIfTest, WithoutChangesIsHistory) {
  Store({MakeCall("a", "run-1", "planning", 1'000, 10), MakeCall("b", "run-1", "research", 7)});
  const WhatIfAnswer answer = Ask({});
  EXPECT_EQ(answer.before, TotalCost());
  EXPECT_EQ(answer.after, TotalCost());
  EXPECT_EQ(answer.saving_30d, Picos{0});
}

TEST_F(WhatIfTest, AGateBehindAGateSeesWhatTheFirstLetsThrough) {
  Store({MakeCall("a", "run-1", "planning", 1'000), MakeCall("b", "run-2", "planning", 1'000)});
  const WhatIfAnswer answer =
      Ask({{.step = "planning", .what = Gate{.skip = Share(50), .cost = 100}},
           {.step = "planning", .what = Gate{.skip = Share(50), .cost = 100}},
           {.step = "planning", .what = DropStep()}});
  EXPECT_EQ(answer.before, Picos{6'000'000'000});
  EXPECT_EQ(answer.changes[0].saving, Picos{3'000'000'000 - 200});
  EXPECT_EQ(answer.changes[1].saving, Picos{1'500'000'000 - 100});
  EXPECT_EQ(answer.changes[2].saving, Picos{1'500'000'000 + 300});
  EXPECT_EQ(answer.after, Picos{0});
}

TEST_F(WhatIfTest, ACapTakesALongContextTierAwayAndKeepsTheCap) {
  Rate tiered = MakeRate("tiered", 100, 0);
  tiered.tiers = {{.input_tokens_over = 1'000, .prices = {}}};
  SetPrice(&tiered.tiers[0].prices, UsageClass::kInput, 1'000);
  SetPrice(&tiered.prices, UsageClass::kCacheRead, 10);
  SetRates({tiered});
  Call call = MakeCall("a", "run-1", "planning", 1'501);
  call.model = "tiered";
  (*call.usage)[UsageClass::kCacheRead] = 500;
  Store({call});
  const WhatIfAnswer answer = Ask({{.step = "planning", .what = InputCap{.tokens = 1'000}}});
  EXPECT_EQ(answer.before, Picos{1'501 * 1'000 + 500 * 10});
  // 500 * 1,000 / 2,001 = 249 tokens stay cached, and 751 do not.
  EXPECT_EQ(answer.after, Picos{751 * 100 + 249 * 10});
}

TEST_F(WhatIfTest, TheBatchTierNeedsAPriceOfItsOwn) {
  Store({MakeCall("a", "run-1", "planning", 1'000)});
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = BatchTier()}}),
              HasSubstr("no batch price for the model \"claude-sonnet-4-6\""));
  Rate half;
  half.match = ModelMatch::Equals("claude-sonnet-4-6");
  half.service_tier = "batch";
  half.multiplier_ppm = kPpm / 2;
  SetRates({half});
  EXPECT_EQ(Ask({{.step = "planning", .what = BatchTier()}}).after, Picos{1'500'000'000});
}

TEST_F(WhatIfTest, ASwapFindsTheProviderThatHasTheModel) {
  Rate direct = MakeRate("gpt-5-mini", 200, 0);
  direct.provider = "openai";
  Rate routed = MakeRate("openai/gpt-5-mini", 300, 0);
  routed.provider = "openrouter";
  Rate twice = MakeRate("shared", 1, 0);
  twice.provider = "groq";
  Rate again = twice;
  again.provider = "together";
  SetRates({direct, routed, twice, again});
  Call call = MakeCall("a", "run-1", "planning", 1'000);
  Call over_router = MakeCall("b", "run-1", "research", 1'000);
  call.provider = "anthropic";
  over_router.provider = "openrouter";
  Store({call, over_router});
  const auto cost_of = [&](const std::string& step, const std::string& model) {
    const WhatIfAnswer answer = Ask({{.step = step, .what = ModelSwap{.model = model}}});
    return answer.after - (answer.before - Picos{3'000'000'000});
  };
  EXPECT_EQ(cost_of("planning", "gpt-5-mini"), Picos{200'000});
  EXPECT_EQ(cost_of("planning", "openai/gpt-5-mini"), Picos{200'000});
  EXPECT_EQ(cost_of("research", "openai/gpt-5-mini"), Picos{300'000});
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = ModelSwap{.model = "shared"}}}),
              HasSubstr("groq, together"));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = ModelSwap{.model = "claude-haiku-4-6"}}}),
              HasSubstr("such as claude-haiku-4-5"));
}

TEST_F(WhatIfTest, RefusesWhatMakesNoSense) {
  Store({MakeCall("a", "run-1", "planning", 1'000)});
  EXPECT_THAT(RefusalOf({{.step = "planing", .what = DropStep()}}),
              HasSubstr("did you mean \"planning\"."));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = Gate{.skip = Share(120)}}}),
              HasSubstr("skips 1.2 of its calls; give a share from 0 to 1"));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = Gate{.skip = -1}}}), HasSubstr("0 to 1"));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = CacheShare{.share = Share(101)}}}),
              HasSubstr("0 to 1"));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = InputCap{}}}), HasSubstr("from 1 up"));
  EXPECT_THAT(RefusalOf({{.step = "planning", .what = Gate{}}}), HasSubstr("complete"));
  EXPECT_THAT(RefusalOf(std::vector<StepChange>(51, {.step = "planning", .what = DropStep()})),
              HasSubstr("at most 50"));
  WhatIfQuery filtered{.window = Always(), .filter = OfStep("research"), .changes = {}};
  filtered.changes.push_back({.step = "planning", .what = DropStep()});
  EXPECT_TRUE(absl::IsInvalidArgument(db().WhatIf(filtered).status()));
}

// A step that ran for the last two days of a window of thirty saves fifteen times as much in
// thirty.
TEST_F(WhatIfTest, ReckonsThirtyDaysByWhatIsRecorded) {
  Call early = MakeCall("a", "run-1", "planning", 1'000);
  early.time_us = kNowUs - 2 * kMicrosPerDay;
  Store({early});
  const WhatIfAnswer answer =
      Value(db().WhatIf({.window = Window::Last(30 * kMicrosPerDay),
                         .changes = {{.step = "planning", .what = DropStep()}}}));
  EXPECT_EQ(answer.before - answer.after, Picos{3'000'000'000});
  EXPECT_EQ(answer.saving_30d, Picos{15} * 3'000'000'000);
}

TEST_F(WhatIfTest, IsAnsweredAsItWasKnown) {
  Store({MakeCall("a", "run-1", "planning", 1'000)});
  const int64_t then_us = clock().NowUs();
  clock().Advance(kMinuteUs);
  Store({MakeCall("b", "run-1", "planning", 1'000)});
  SetRates({MakeRate("claude-haiku-4-5", 1, 1)});
  WhatIfQuery query{
      .window = Always(),
      .changes = {{.step = "planning", .what = ModelSwap{.model = "claude-haiku-4-5"}}}};
  EXPECT_EQ(Value(db().WhatIf(query)).after, Picos{2'000});
  query.window.as_known_at_us = then_us;
  EXPECT_EQ(Value(db().WhatIf(query)).after, Picos{1'000'000'000});
}

TEST_F(WhatIfTest, ChangesThatAreAloneSaveWhatEachSavesByItself) {
  std::vector<Call> calls;
  std::vector<Completion> ends;
  for (int i = 0; i < 7; ++i) {
    const std::string run = "run-" + std::to_string(i);
    calls.push_back(MakeCall("a", run, "planning", 1'001 + i, 101));
    calls.push_back(MakeCall("b", run, "writing", 2'003 + 11 * i, 303));
    ends.push_back(MakeCompletion(
        run, Outcome::kCompleted, kNowUs,
        i % 2 == 0 ? std::vector<std::string>{"planning"} : std::vector<std::string>{"writing"}));
  }
  Store(calls, ends);
  const std::vector<StepChange> changes = {
      {.step = "planning", .what = Gate{.skip = kShareWhole / 2}},
      {.step = "writing", .what = Gate()},
      {.step = "planning", .what = DropStep()},
      {.step = "planning", .what = ModelSwap{.model = "claude-haiku-4-5"}},
      {.step = "planning", .what = InputCap{.tokens = 500}},
      {.step = "writing", .what = CacheShare{.share = Share(80)}},
      {.step = "planning", .what = Gate()}};
  const WhatIfAnswer together =
      Value(db().WhatIf({.window = Always(), .changes = changes, .alone = true}));
  for (size_t i = 0; i < changes.size(); ++i) {
    const ChangeOutcome expected = Ask({changes[i]}).changes[0];
    const ChangeOutcome& actual = together.changes[i];
    EXPECT_EQ(actual.saving, expected.saving) << i;
    EXPECT_EQ(actual.saving_30d, expected.saving_30d) << i;
    EXPECT_EQ(actual.counts.changed, expected.counts.changed) << i;
    EXPECT_EQ(actual.gate.has_value(), expected.gate.has_value());
  }
}

}  // namespace
}  // namespace itemized::testing
