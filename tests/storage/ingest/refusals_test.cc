// SPDX-License-Identifier: Apache-2.0
// A bad event is refused with its place, a code and a sentence; its neighbours
// are stored.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/model/limits.h"
#include "tests/storage/database/broken_batch.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

struct BadCall {
  const char* name;
  RefusalCode code;
  std::function<void(Call*)> spoil;
};

std::vector<BadCall> BadCalls() {
  const std::string long_name(kNameBytesMax + 1, 'x');
  const auto too_many = [](Call* c) {
    for (size_t i = 0; i <= kAttributesMax; ++i) {
      c->attributes.emplace_back("k" + std::to_string(i), "v");
    }
  };
  const auto costly = [](Call* c) { (*c->usage)[UsageClass::kInput] = kTokensMax; };
  const auto status = [](Call* c) { c->status = static_cast<CallStatus>(3); };
  return {
      {"NoStep", RefusalCode::kMissingField, [](Call* c) { c->step = ""; }},
      {"NoModel", RefusalCode::kMissingField, [](Call* c) { c->model = ""; }},
      {"NoWorkflowId", RefusalCode::kMissingField, [](Call* c) { c->workflow_id = ""; }},
      {"LongStep", RefusalCode::kNameTooLong, [=](Call* c) { c->step = long_name; }},
      {"LongModel", RefusalCode::kNameTooLong, [=](Call* c) { c->model = long_name; }},
      {"LongEventId", RefusalCode::kNameTooLong, [=](Call* c) { c->event_id = long_name; }},
      {"LongWorkflow", RefusalCode::kNameTooLong, [=](Call* c) { c->workflow = long_name; }},
      {"LongWorkflowId", RefusalCode::kNameTooLong, [=](Call* c) { c->workflow_id = long_name; }},
      {"LongProvider", RefusalCode::kNameTooLong, [=](Call* c) { c->provider = long_name; }},
      {"LongKey", RefusalCode::kNameTooLong,
       [=](Call* c) {
         c->attributes = {{long_name, ""}};
       }},
      {"LongValue", RefusalCode::kNameTooLong,
       [=](Call* c) {
         c->attributes = {{"k", long_name}};
       }},
      {"StrayByte", RefusalCode::kInvalidUtf8, [](Call* c) { c->step = "a\x80"; }},
      {"CutShort", RefusalCode::kInvalidUtf8, [](Call* c) { c->provider = "\xE2\x82"; }},
      {"Overlong", RefusalCode::kInvalidUtf8, [](Call* c) { c->model = "\xC0\xAF"; }},
      {"Surrogate", RefusalCode::kInvalidUtf8, [](Call* c) { c->workflow = "\xED\xA0\x80"; }},
      {"BeyondUnicode", RefusalCode::kInvalidUtf8,
       [](Call* c) { c->event_id = "\xF4\x90\x80\x80"; }},
      {"BadValue", RefusalCode::kInvalidUtf8,
       [](Call* c) {
         c->attributes = {{"k", "\xFF"}};
       }},
      {"NegativeTokens", RefusalCode::kTokensOutOfRange,
       [](Call* c) { (*c->usage)[UsageClass::kCacheRead] = -1; }},
      {"AbsurdTokens", RefusalCode::kTokensOutOfRange,
       [](Call* c) { (*c->usage)[UsageClass::kWebSearches] = kTokensMax + 1; }},
      {"ReasoningAboveOutput", RefusalCode::kTokensOutOfRange,
       [](Call* c) { (*c->usage)[UsageClass::kReasoning] = 2; }},
      {"BeforeTime", RefusalCode::kTimeOutOfRange, [](Call* c) { c->time_us = -1; }},
      {"Future", RefusalCode::kTimeOutOfRange,
       [](Call* c) { c->time_us = kNowUs + kFutureMaxUs + 1; }},
      {"EndOfInt", RefusalCode::kTimeOutOfRange, [](Call* c) { c->time_us = INT64_MAX; }},
      {"NegativeDuration", RefusalCode::kDurationOutOfRange, [](Call* c) { c->duration_us = -1; }},
      {"LongDuration", RefusalCode::kDurationOutOfRange,
       [](Call* c) { c->duration_us = kDurationMaxUs + 1; }},
      {"TooCostly", RefusalCode::kCostOutOfRange, costly},
      {"UnknownStatus", RefusalCode::kInvalidEnum, status},
      {"ManyAttributes", RefusalCode::kTooManyAttributes, too_many},
  };
}

class Refusals : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1'000'000'000, 1)});
  }
  static Call Good(const std::string& id) { return MakeCall(id, "run", "planning", 1, 1); }
};

TEST_F(Refusals, EachBadCallIsRefusedAloneWithItsPlaceCodeAndSentence) {
  int64_t stored = 0;
  for (const BadCall& bad : BadCalls()) {
    SCOPED_TRACE(bad.name);
    Call spoilt = Good(std::string("bad-") + bad.name);
    bad.spoil(&spoilt);
    const BatchResult result = Write(
        {Good(std::string("before-") + bad.name), spoilt, Good(std::string("after-") + bad.name)});
    stored += 2;
    EXPECT_EQ(result.accepted, 2);
    EXPECT_EQ(result.duplicate, 0);
    ASSERT_EQ(result.refusals.size(), 1U);
    EXPECT_EQ(result.refusals[0].index, 1U);
    EXPECT_EQ(result.refusals[0].code, bad.code);
    EXPECT_FALSE(result.refusals[0].message.empty());
    EXPECT_EQ(Top().total.calls, stored);
  }
}

TEST_F(Refusals, ValuesAtTheLimitsAreStored) {
  const std::string longest(kNameBytesMax, 'x');
  Call call = Good(longest);
  call.step = call.model = call.workflow = call.workflow_id = call.provider = longest;
  for (size_t i = 0; i < kAttributesMax; ++i) {
    call.attributes.emplace_back("k" + std::to_string(i), longest);
  }
  call.usage->counts.fill(kTokensMax);
  call.duration_us = kDurationMaxUs;
  call.time_us = kNowUs + kFutureMaxUs;
  Call oldest = Good("oldest");
  oldest.time_us = 0;
  Call dearest = Good("dearest");  // 2^63-1 pico-dollars: floor(that / 10^9) tokens, and the rest.
  (*dearest.usage)[UsageClass::kInput] = INT64_MAX / 1'000'000'000;
  (*dearest.usage)[UsageClass::kOutput] = INT64_MAX % 1'000'000'000;
  Store({call, oldest, dearest});
  EXPECT_EQ(Top().total.calls, 3);
  EXPECT_EQ(TotalCost(), Picos{INT64_MAX} + 1'000'000'001);
}

TEST_F(Refusals, ACostOfOnePicoDollarTooMuchIsRefused) {
  Call call = Good("c");
  (*call.usage)[UsageClass::kInput] = INT64_MAX / 1'000'000'000;
  (*call.usage)[UsageClass::kOutput] = INT64_MAX % 1'000'000'000 + 1;
  const BatchResult result = Write({call});
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kCostOutOfRange);
}

TEST_F(Refusals, ARefusedCallIsNotKnownSoItsMendedFormIsStored) {
  Call call = Good("c");
  call.duration_us = -1;
  EXPECT_EQ(Write({call}).refusals.size(), 1U);
  call.duration_us = 1;
  Store({call});
}

TEST_F(Refusals, EachBadCompletionIsRefusedAndCountedAfterTheCalls) {
  const Completion good = MakeCompletion("run", Outcome::kCompleted, kNowUs);
  std::vector<std::pair<Completion, RefusalCode>> bad(7, {good, RefusalCode::kMissingField});
  bad[0].first.workflow_id = "";
  bad[1].first.outcome = Outcome::kOpen;
  bad[1].second = RefusalCode::kInvalidEnum;
  bad[2].first.outcome = static_cast<Outcome>(kOutcomeCount);
  bad[2].second = RefusalCode::kInvalidEnum;
  bad[3].first.time_us = kNowUs + kFutureMaxUs + 1;
  bad[3].second = RefusalCode::kTimeOutOfRange;
  bad[4].first.unused_steps = {"fine", "\xFF"};
  bad[4].second = RefusalCode::kInvalidUtf8;
  bad[5].first.workflow_id = std::string(kNameBytesMax + 1, 'w');
  bad[5].second = RefusalCode::kNameTooLong;
  bad[6].first.unused_steps = {std::string(kNameBytesMax + 1, 's')};
  bad[6].second = RefusalCode::kNameTooLong;
  for (size_t i = 0; i < bad.size(); ++i) {
    SCOPED_TRACE(i);
    Completion end = MakeCompletion("run-" + std::to_string(i), Outcome::kFailed, kNowUs);
    const BatchResult result = Write({Good("c" + std::to_string(i))}, {bad[i].first, end});
    EXPECT_EQ(result.accepted, 2);
    ASSERT_EQ(result.refusals.size(), 1U);
    EXPECT_EQ(result.refusals[0].index, 1U);
    EXPECT_EQ(result.refusals[0].code, bad[i].second);
    EXPECT_FALSE(result.refusals[0].message.empty());
  }
  EXPECT_EQ(WorkflowOf("support_ticket").runs[static_cast<int>(Outcome::kFailed)], 7);
}

TEST_F(Refusals, ACompletionWithTooManyUnusedStepsIsRefused) {
  Completion end = MakeCompletion("run", Outcome::kCompleted, kNowUs);
  for (size_t i = 0; i < kUnusedStepsMax; ++i) {
    end.unused_steps.push_back("step-" + std::to_string(i));
  }
  EXPECT_EQ(Write({}, {end}).accepted, 1);
  end.unused_steps.push_back("one more");
  EXPECT_EQ(Write({}, {end}).refusals.size(), 1U);
}

TEST_F(Refusals, ARowWithAnIndexBeyondTheStringsIsMalformed) {
  EventBatch batch = MakeBatch({Good("a"), Good("b"), Good("c")});
  PointStepNowhere(&batch, 1);
  const BatchResult result = Value(db().Write(std::move(batch)));
  EXPECT_EQ(result.accepted, 2);
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].index, 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kMalformed);
}

TEST_F(Refusals, ColumnsOfUnequalLengthLoseAllTheirRowsButNotTheCompletions) {
  for (void (*spoil)(EventBatch*) : {&AddAStrayDuration, &ClaimLongerEventIds}) {
    EventBatch batch = MakeBatch({Good("a"), Good("b")},
                                 {MakeCompletion("run", Outcome::kCompleted, clock().NowUs())});
    spoil(&batch);
    const BatchResult result = Value(db().Write(std::move(batch)));
    EXPECT_EQ(result.accepted, 1);
    ASSERT_EQ(result.refusals.size(), 2U);
    EXPECT_EQ(result.refusals[0].code, RefusalCode::kMalformed);
    EXPECT_EQ(result.refusals[1].index, 1U);
    clock().Advance(1);
  }
  EXPECT_EQ(Top().total.calls, 0);
}

TEST_F(Refusals, AStatusThatNoEnumKnowsIsRefusedInEveryRow) {
  for (const int32_t status : {-1, 3, 256, 257}) {
    EventBatch batch = MakeBatch({Good("a"), Good("b")});
    SetStatusNumber(&batch, status);
    const BatchResult result = Value(db().Write(std::move(batch)));
    ASSERT_EQ(result.refusals.size(), 2U) << status;
    EXPECT_EQ(result.refusals[0].code, RefusalCode::kInvalidEnum) << status;
  }
}

// Twice INT64_MIN is 0 in 64 bits, which would be a time.
TEST_F(Refusals, ATimeIsABaseAndAnOffsetThatMustNotWrapAround) {
  const struct {
    int64_t base_us;
    int64_t offset_us;
    bool is_good;
  } cases[] = {{0, kNowUs, true},
               {kNowUs, 0, true},
               {kNowUs, -kNowUs, true},
               {-1, kNowUs, true},
               {kNowUs, -kNowUs - 1, false},
               {kFutureMaxUs + 1, kNowUs, false},
               {INT64_MAX, INT64_MAX, false},
               {INT64_MAX, kNowUs, false},
               {kNowUs, INT64_MAX, false},
               {kNowUs, INT64_MIN, false},
               {INT64_MIN, INT64_MIN, false}};
  for (const auto& [base_us, offset_us, is_good] : cases) {
    Call call = Good(absl::StrCat(base_us, "+", offset_us));
    call.time_us = offset_us;
    EventBatch batch = MakeBatch({call});
    batch.calls.base_time_us += base_us;
    const BatchResult result = Value(db().Write(std::move(batch)));
    EXPECT_EQ(result.accepted, is_good ? 1 : 0) << call.event_id;
    ASSERT_EQ(result.refusals.size(), is_good ? 0U : 1U) << call.event_id;
    if (!is_good) {
      EXPECT_EQ(result.refusals[0].code, RefusalCode::kTimeOutOfRange) << call.event_id;
    }
  }
}

TEST_F(Refusals, ReasoningIsAPartOfTheOutputOfItsOwnCall) {
  Call call = Good("reasoning");
  (*call.usage)[UsageClass::kOutput] = 5;
  (*call.usage)[UsageClass::kReasoning] = 5;
  Call other = Good("more output");
  (*other.usage)[UsageClass::kOutput] = 100;
  EXPECT_EQ(Write({call, other}).accepted, 2);
  call.event_id = "too much";
  other.event_id = "other";
  (*call.usage)[UsageClass::kReasoning] = 6;
  const BatchResult result = Write({other, call});
  EXPECT_EQ(result.accepted, 1);
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].index, 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kTokensOutOfRange);
}

TEST_F(Refusals, ABatchThatIsTooLargeIsRefusedWhole) {
  std::vector<Call> calls;
  for (size_t i = 0; i <= kBatchEventsMax; ++i) {
    calls.push_back(Good("c" + std::to_string(i)));
  }
  const BatchResult result = Write(calls);
  EXPECT_EQ(result.accepted, 0);
  EXPECT_EQ(result.refused(), static_cast<int64_t>(kBatchEventsMax) + 1);
  ASSERT_EQ(result.refusals.size(), kRefusalsToldMax);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kBatchTooLarge);
  calls.pop_back();
  EXPECT_EQ(Write(calls).accepted, static_cast<int64_t>(kBatchEventsMax));
}

TEST_F(Refusals, AnEmptyBatchIsFine) {
  const BatchResult result = Write({});
  EXPECT_EQ(result.accepted + result.duplicate, 0);
  EXPECT_TRUE(result.refusals.empty());
}

// 2^23 calls of 2^40 tokens pass 2^63. Slow, so it runs when asked for.
TEST_F(Refusals, ATotalThatWouldOverflowIsRefusedBeforeTheAcknowledgement) {
  if (std::getenv("ITEMIZED_SLOW_TESTS") == nullptr) {
    GTEST_SKIP() << "set ITEMIZED_SLOW_TESTS to write eight million calls";
  }
  Call call = Good("");
  call.model = "mystery-1";
  (*call.usage)[UsageClass::kInput] = kTokensMax;
  const EventBatch batch = MakeBatch(std::vector<Call>(8'192, call));
  for (int i = 0; i < 1'023; ++i) {
    ASSERT_EQ(Value(db().Write(batch)).accepted, 8'192);
  }
  const BatchResult last = Value(db().Write(batch));
  EXPECT_GE(last.refusals.size(), 1U);
  for (const Refusal& refusal : last.refusals) {
    ASSERT_EQ(refusal.code, RefusalCode::kTotalOverflow);
  }
  const CallSums total = Top().total;
  EXPECT_EQ(total.calls, 1'023 * 8'192 + last.accepted);
  EXPECT_EQ(total.usage[UsageClass::kInput], total.calls * kTokensMax);
}

}  // namespace
}  // namespace itemized::testing
