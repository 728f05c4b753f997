// SPDX-License-Identifier: Apache-2.0
// What was spent for nothing, reason by reason. The random operations compare whole histories.

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class Wasted : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }

  // Stores a call of the step "writing" some minutes after an instant within an hour.
  void StoreAt(int64_t minute, const std::string& run, int64_t in,
               CallStatus status = CallStatus::kOk, const std::string& step = "writing") {
    Call call = MakeCall("c-" + std::to_string(++calls_), run, step, in, 10);
    call.time_us = kStartUs + minute * kMinuteUs;
    call.status = status;
    Store({call});
  }

  WastedAnswer Ask(const Window& window = Always()) {
    return Value(db().Wasted({.window = window}));
  }

  // The calls and the reason of what is wasted, which has one reason; none if nothing is.
  std::optional<std::pair<WasteReason, int64_t>> Only(const WastedAnswer& answer) {
    if (answer.rows.empty()) {
      return std::nullopt;
    }
    EXPECT_EQ(answer.rows.size(), 1U);
    EXPECT_EQ(answer.rows[0].wasted.cost, answer.wasted.cost);
    return std::pair(answer.rows[0].reason, answer.rows[0].wasted.calls);
  }

  static constexpr int64_t kStartUs = kNowUs - 3 * kMicrosPerDay + 7 * kMinuteUs;
  int64_t calls_ = 0;
};

using Found = std::optional<std::pair<WasteReason, int64_t>>;

TEST_F(Wasted, ACompletedRunThatUsesItsStepsWastesNothing) {
  StoreAt(0, "run", 1000);
  Store({}, {MakeCompletion("run", Outcome::kCompleted, kNowUs)});
  StoreAt(1, "open run", 1000);
  const WastedAnswer answer = Ask();
  EXPECT_EQ(Only(answer), Found());
  EXPECT_EQ(answer.calls, 2);
  EXPECT_EQ(answer.spend, TotalCost());
}

TEST_F(Wasted, TellsHowRunsEnded) {
  const std::vector<std::pair<Outcome, WasteReason>> outcomes = {
      {Outcome::kFailed, WasteReason::kFailed},
      {Outcome::kAbandoned, WasteReason::kAbandoned},
      {Outcome::kShortCircuited, WasteReason::kShortCircuited}};
  int64_t time_us = kNowUs;
  StoreAt(0, "run", 1000);
  StoreAt(1, "run", 2000, CallStatus::kOk, "reading");
  for (const auto& [outcome, reason] : outcomes) {
    Store({}, {MakeCompletion("run", outcome, ++time_us)});
    for (const bool reopened : {false, true}) {
      if (reopened) {
        Reopen();
      }
      const WastedAnswer answer = Ask();
      ASSERT_EQ(answer.rows.size(), 2U);
      EXPECT_EQ(answer.rows[0].key, "reading");
      EXPECT_EQ(answer.rows[0].reason, reason);
      EXPECT_EQ(answer.wasted.cost, answer.spend);
      EXPECT_EQ(answer.reasons[static_cast<size_t>(reason)].calls, 2);
    }
  }
  Store({}, {MakeCompletion("run", Outcome::kCompleted, ++time_us)});
  EXPECT_EQ(Only(Ask()), Found());
}

TEST_F(Wasted, AnUnusedStepIsTheReasonWhateverElseIsTrueOfItsRun) {
  StoreAt(0, "run", 1000);
  StoreAt(1, "run", 2000, CallStatus::kOk, "reading");
  Store({}, {MakeCompletion("run", Outcome::kFailed, kNowUs, {"reading"})});
  const WastedAnswer answer = Ask();
  ASSERT_EQ(answer.rows.size(), 2U);
  EXPECT_EQ(answer.rows[0].reason, WasteReason::kUnusedStep);
  EXPECT_EQ(answer.rows[0].wasted.cost, Top().unsurfaced);
  EXPECT_EQ(answer.rows[1].reason, WasteReason::kFailed);
}

TEST_F(Wasted, ACallThatFailedIsRetriedIfItsRunCallsTheStepAgainWithinTheHour) {
  StoreAt(0, "run", 1000, CallStatus::kError);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kCallFailed, 1}));
  StoreAt(61, "run", 1500);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kCallFailed, 1})) << "It is too late.";
  StoreAt(30, "other run", 1700);
  StoreAt(30, "run", 1700, CallStatus::kOk, "reading");
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kCallFailed, 1}));
  StoreAt(60, "run", 1600);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kRetried, 1}));
}

TEST_F(Wasted, ACancelledCallIsWastedToo) {
  StoreAt(0, "run", 1000, CallStatus::kCancelled);
  StoreAt(1, "run", 1000);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kRetried, 1}));
}

TEST_F(Wasted, APromptOfAsManyTokensAsOneBeforeIsADuplicate) {
  StoreAt(0, "run", 1000);
  StoreAt(60, "run", 1000);
  StoreAt(120, "run", 1000);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kDuplicatePrompt, 2}));
}

TEST_F(Wasted, APromptIsNoDuplicateOfAnotherRunStepModelOrHour) {
  StoreAt(0, "run", 1000);
  StoreAt(1, "other run", 1000);
  StoreAt(2, "run", 1000, CallStatus::kOk, "reading");
  StoreAt(61, "run", 1000);
  StoreAt(3, "run", 1001);
  Call other = MakeCall("other model", "run", "writing", 1000, 10);
  other.model = "claude-haiku-4-5";
  other.time_us = kStartUs + 4 * kMinuteUs;
  Store({other});
  EXPECT_EQ(Only(Ask()), Found());
}

TEST_F(Wasted, ShortPromptsMayBeOfAsManyTokensByChance) {
  StoreAt(0, "run", 99);
  StoreAt(1, "run", 99);
  EXPECT_EQ(Only(Ask()), Found());
  StoreAt(2, "run", 100);
  StoreAt(3, "run", 100);
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kDuplicatePrompt, 1}));
}

TEST_F(Wasted, TheCacheMakesNoOtherPromptOfIt) {
  StoreAt(0, "run", 1000);
  Call cached = MakeCall("cached", "run", "writing", 200, 10);
  (*cached.usage)[UsageClass::kCacheRead] = 800;
  cached.time_us = kStartUs + kMinuteUs;
  Store({cached});
  EXPECT_EQ(Only(Ask()), Found({WasteReason::kDuplicatePrompt, 1}));
}

TEST_F(Wasted, LooksBeyondTheWindowForWhatACallRepeatsAndForItsRetry) {
  StoreAt(0, "run", 1000);
  StoreAt(50, "run", 1000);
  StoreAt(50, "failing run", 1000, CallStatus::kError);
  StoreAt(100, "failing run", 1000);
  const WastedAnswer answer =
      Ask(Window::Of({kStartUs + 49 * kMinuteUs, kStartUs + 51 * kMinuteUs}));
  EXPECT_EQ(answer.calls, 2);
  EXPECT_EQ(answer.reasons[static_cast<size_t>(WasteReason::kDuplicatePrompt)].calls, 1);
  EXPECT_EQ(answer.reasons[static_cast<size_t>(WasteReason::kRetried)].calls, 1);
}

TEST_F(Wasted, WhetherACallIsWastedDoesNotDependOnTheFilter) {
  Call failed = MakeCall("failed", "run", "writing", 1000, 10);
  failed.status = CallStatus::kError;
  failed.attributes = {{"tenant", "acme"}};
  Call again = MakeCall("again", "run", "writing", 1000, 10);
  again.time_us += kMinuteUs;
  Store({failed, again});
  const WastedAnswer answer = Value(db().Wasted(
      {.window = Always(), .filter = {.names = {}, .attributes = {{"tenant", "acme"}}}}));
  EXPECT_EQ(answer.calls, 1);
  EXPECT_EQ(Only(answer), Found({WasteReason::kRetried, 1}));
}

TEST_F(Wasted, ARetractedCallIsNeitherWastedNorRepeated) {
  StoreAt(0, "run", 1000);
  StoreAt(1, "run", 1000);
  StoreAt(2, "run", 1000);
  EXPECT_EQ(Value(db().Retract({{"run", "c-1"}, {"run", "c-2"}})), 2);
  EXPECT_EQ(Only(Ask()), Found());
}

TEST_F(Wasted, ARepricedCallIsOneCall) {
  StoreAt(0, "run", 1000);
  StoreAt(1, "run", 2000);
  SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  EXPECT_EQ(Only(Ask()), Found());
  StoreAt(2, "run", 2000);
  const WastedAnswer answer = Ask();
  EXPECT_EQ(Only(answer), Found({WasteReason::kDuplicatePrompt, 1}));
  EXPECT_EQ(answer.spend, TotalCost());
}

}  // namespace
}  // namespace itemized::testing
