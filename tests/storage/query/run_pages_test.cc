// SPDX-License-Identifier: Apache-2.0
// A run comes in pages, which together have every call once and in order.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr char kRun[] = "run";

using Calls = std::vector<BilledCall>;

// A line for each call, with all that tells it from others.
std::vector<std::string> Lines(const Calls& calls) {
  std::vector<std::string> lines;
  for (const BilledCall& billed : calls) {
    const Call& call = billed.call;
    lines.push_back(absl::StrCat(call.time_us, " ", call.event_id, " ", call.step, " ",
                                 (*call.usage)[UsageClass::kInput], " ", billed.cost.picos, " ",
                                 billed.cost.unpriced, " ", billed.receipt.has_value(), " ",
                                 billed.unsurfaced));
    for (const auto& [key, value] : call.attributes) {
      absl::StrAppend(&lines.back(), " ", key, "=", value);
    }
  }
  return lines;
}

class RunPages : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetSonnetRate();
  }

  RunAnswer Page(const std::optional<RunPosition>& after, size_t limit,
                 size_t bytes_max = SIZE_MAX) {
    return Value(db().GetRun(
        RunQuery{.workflow_id = kRun, .after = after, .limit = limit, .bytes_max = bytes_max}));
  }

  Calls AllPages(size_t limit, size_t bytes_max = SIZE_MAX) {
    Calls calls;
    std::optional<RunPosition> after;
    do {
      const RunAnswer page = Page(after, limit, bytes_max);
      EXPECT_LE(page.calls.size(), limit);
      EXPECT_TRUE(page.next != after || !after.has_value());
      calls.insert(calls.end(), page.calls.begin(), page.calls.end());
      after = page.next;
    } while (after.has_value());
    return calls;
  }

  // Stores the calls in several batches, so that hours have several blocks.
  void StoreShuffled(std::vector<Call> calls) {
    std::mt19937 random(7);
    std::shuffle(calls.begin(), calls.end(), random);
    for (size_t i = 0; i < calls.size(); i += 10) {
      Store({calls.begin() + static_cast<ptrdiff_t>(i),
             calls.begin() + static_cast<ptrdiff_t>(std::min(calls.size(), i + 10))});
    }
  }

  // Makes calls over some hours, of which several share a minute.
  static std::vector<Call> SomeCalls(int count) {
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(MakeCall(absl::StrCat("c-", i), kRun, "planning", 1'000 + i));
      calls.back().time_us = kNowUs - i / 4 * 7 * kMinuteUs;
      calls.back().attributes = {{"tenant", absl::StrCat("t", i % 3)}};
    }
    return calls;
  }

  void ExpectPagesAreTheWhole() {
    const std::vector<std::string> whole = Lines(Value(db().GetRun(kRun)).calls);
    for (const size_t limit : {1U, 2U, 3U, 7U, 50U, 1'000U}) {
      EXPECT_EQ(Lines(AllPages(limit)), whole) << limit;
    }
  }
};

TEST_F(RunPages, HaveEveryCallOnceAndInOrder) {
  StoreShuffled(SomeCalls(97));
  const RunAnswer whole = Value(db().GetRun(kRun));
  ASSERT_EQ(whole.calls.size(), 97U);
  EXPECT_FALSE(whole.next.has_value());
  for (size_t i = 1; i < whole.calls.size(); ++i) {
    const Call& before = whole.calls[i - 1].call;
    const Call& call = whole.calls[i].call;
    EXPECT_LT(std::pair(before.time_us, before.event_id), std::pair(call.time_us, call.event_id));
  }
  ExpectPagesAreTheWhole();
}

TEST_F(RunPages, SayOfTheWholeRunWhatItIs) {
  Store(SomeCalls(9), {MakeCompletion(kRun, Outcome::kCompleted, kNowUs, {"planning"})});
  const RunAnswer whole = Value(db().GetRun(kRun));
  for (const size_t limit : {0U, 1U, 4U}) {
    const RunAnswer page = Page(std::nullopt, limit);
    EXPECT_EQ(page.calls.size(), limit);
    EXPECT_EQ(page.call_count, 9);
    EXPECT_EQ(page.cost, whole.cost);
    EXPECT_EQ(page.unused_steps, whole.unused_steps);
    EXPECT_EQ(page.outcome, Outcome::kCompleted);
  }
}

TEST_F(RunPages, EndWithTheLastCallAlsoIfThatFillsThePage) {
  Store(SomeCalls(4));
  EXPECT_FALSE(Page(std::nullopt, 4).next.has_value());
  EXPECT_TRUE(Page(std::nullopt, 3).next.has_value());
}

TEST_F(RunPages, TellCallsWithoutAnIdApartByWhatTheyAre) {
  std::vector<Call> calls;
  for (int i = 0; i < 60; ++i) {
    // Ten kinds at one instant, six alike of each.
    calls.push_back(MakeCall("", kRun, absl::StrCat("step-", i % 5), 1'000));
    calls.back().attributes = {{"kind", absl::StrCat(i % 2)}};
  }
  StoreShuffled(calls);
  const Calls whole = Value(db().GetRun(kRun)).calls;
  ASSERT_EQ(whole.size(), 60U);
  int64_t odd = 0;
  for (const BilledCall& billed : whole) {
    odd += billed.call.attributes[0].second == "1" ? 1 : 0;
  }
  EXPECT_EQ(odd, 30);
  ExpectPagesAreTheWhole();
}

TEST_F(RunPages, LeaveOutWhatWasTakenBackAndHaveTheNewCost) {
  StoreShuffled(SomeCalls(60));
  std::vector<CallId> ids;
  for (int i = 0; i < 60; i += 2) {
    ids.push_back({kRun, absl::StrCat("c-", i)});
  }
  ASSERT_EQ(Value(db().Retract(ids)), 30);
  SetRates({MakeRate("claude-sonnet-4-6", 2 * kSonnetIn, kSonnetOut)});
  const Calls whole = Value(db().GetRun(kRun)).calls;
  ASSERT_EQ(whole.size(), 30U);
  for (const BilledCall& billed : whole) {
    EXPECT_EQ(billed.cost.picos, 2 * kSonnetIn * (*billed.call.usage)[UsageClass::kInput]);
  }
  ExpectPagesAreTheWhole();
}

TEST_F(RunPages, GoOnWhereTheyWereAlsoIfCallsArePricedAgainBetweenThem) {
  StoreShuffled(SomeCalls(20));
  const RunAnswer first = Page(std::nullopt, 7);
  SetRates({MakeRate("claude-sonnet-4-6", 3 * kSonnetIn, kSonnetOut)});
  const RunAnswer second = Page(first.next, 100);
  const Calls whole = Value(db().GetRun(kRun)).calls;
  EXPECT_EQ(Lines(second.calls), Lines(Calls(whole.begin() + 7, whole.end())));
}

TEST_F(RunPages, OfWhichAllCallsAreTakenBackEndNevertheless) {
  Store(SomeCalls(12), {MakeCompletion(kRun, Outcome::kFailed, kNowUs)});
  std::vector<CallId> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back({kRun, absl::StrCat("c-", i)});
  }
  ASSERT_EQ(Value(db().Retract(ids)), 12);
  EXPECT_TRUE(AllPages(1).empty());
  EXPECT_TRUE(AllPages(5).empty());
}

TEST_F(RunPages, EndByBytesTooButNeverBeforeACall) {
  std::vector<Call> calls = SomeCalls(30);
  for (Call& call : calls) {
    for (int i = 0; i < 60; ++i) {
      call.attributes.emplace_back(absl::StrCat("key-", i), std::string(200, 'v'));
    }
  }
  StoreShuffled(calls);
  const Calls whole = Value(db().GetRun(kRun)).calls;
  const RunAnswer page = Page(std::nullopt, 1'000, 100'000);
  EXPECT_GT(page.calls.size(), 1U);
  EXPECT_LT(page.calls.size(), 8U);
  EXPECT_EQ(Lines(AllPages(1'000, 100'000)), Lines(whole));
  EXPECT_EQ(Lines(AllPages(1'000, 1)), Lines(whole));
}

TEST_F(RunPages, OfARunThatDoesNotExistAreNotFound) {
  EXPECT_EQ(db().GetRun(RunQuery{.workflow_id = "nobody", .limit = 1}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace itemized::testing
