// SPDX-License-Identifier: Apache-2.0
// The dearest outliers of a window, and what all of them cost beyond their thresholds.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

constexpr int64_t kToken = 1'000'000;  // Pico-dollars.

class DearestOutliers : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", kToken, kToken)});
    std::vector<Call> ordinary;
    for (int i = 0; i < 200; ++i) {
      ordinary.push_back(MakeCall(absl::StrCat("o-", i), "run", i % 2 == 0 ? "a" : "b", 1'000));
      ordinary.back().time_us = kNowUs - 10 * kMicrosPerDay;
    }
    Store(ordinary);
  }

  // Outliers of 6 to 30 times the median, over some days and both steps; a few cost the same.
  void StoreDear(int count) {
    std::mt19937 random(3);
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(MakeCall(absl::StrCat("d-", i), absl::StrCat("run-", i % 7),
                               i % 3 == 0 ? "b" : "a",
                               1'000 * static_cast<int64_t>(6 + random() % 25)));
      calls.back().time_us = kNowUs - static_cast<int64_t>(random() % 200) * 40 * kMinuteUs;
    }
    std::shuffle(calls.begin(), calls.end(), random);
    Store(calls);
  }

  OutliersAnswer Ask(OutlierOrder order, size_t limit, const CallFilter& filter = {}) {
    OutliersQuery query{.window = Always(), .filter = filter, .limit = limit, .order = order};
    return Value(db().Outliers(query));
  }

  // By sorting all of them, and the sum of what their receipts say.
  void ExpectDearest(size_t limit, const CallFilter& filter = {}) {
    const OutliersAnswer all = Ask(OutlierOrder::kNewest, 10'000, filter);
    EXPECT_FALSE(all.excess.has_value());
    std::vector<BilledCall> expected = all.calls;
    std::stable_sort(
        expected.begin(), expected.end(),
        [](const BilledCall& x, const BilledCall& y) { return x.cost.picos > y.cost.picos; });
    expected.resize(std::min(limit, expected.size()));
    Picos excess = 0;
    for (const BilledCall& billed : all.calls) {
      excess += Picos{billed.cost.picos} - 5 * Picos{billed.receipt->p50_picos};
    }
    const OutliersAnswer got = Ask(OutlierOrder::kCost, limit, filter);
    EXPECT_EQ(got.excess, excess);
    EXPECT_EQ(got.total, all.total);
    ASSERT_EQ(got.calls.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(Describe(got.calls[i]), Describe(expected[i])) << i;
    }
  }
};

TEST_F(DearestOutliers, AreThoseOfTheWholeWindowWithTheExcessOfAll) {
  StoreDear(300);
  ASSERT_EQ(Ask(OutlierOrder::kNewest, 1).total, 300);
  for (const size_t limit : {1U, 10U, 299U, 1'000U}) {
    ExpectDearest(limit);
  }
  ExpectDearest(20, OfStep("b"));
  CallFilter of_run;
  of_run[NameKind::kModel] = "claude-sonnet-4-6";
  ExpectDearest(20, of_run);
}

TEST_F(DearestOutliers, LeaveOutWhatWasTakenBack) {
  StoreDear(50);
  const BilledCall dearest = Ask(OutlierOrder::kCost, 1).calls.at(0);
  ASSERT_EQ(Value(db().Retract({{dearest.call.workflow_id, dearest.call.event_id}})), 1);
  EXPECT_NE(Ask(OutlierOrder::kCost, 1).calls.at(0).call.event_id, dearest.call.event_id);
  ExpectDearest(10);
}

TEST_F(DearestOutliers, OfNoOutliersCostNothingBeyond) {
  EXPECT_EQ(Ask(OutlierOrder::kCost, 5).excess, Picos{0});
}

TEST_F(DearestOutliers, OfCallsWithManyAttributesAreFewerThanAskedForInEitherOrder) {
  std::vector<Call> calls;
  for (int i = 0; i < 2'000; ++i) {
    calls.push_back(MakeCall(absl::StrCat("d-", i), "run", "a", 10'000 + i));
    for (int k = 0; k < 64; ++k) {
      calls.back().attributes.emplace_back(absl::StrCat("key-", k), std::string(100, 'v'));
    }
  }
  Store(calls);
  for (const OutlierOrder order : {OutlierOrder::kNewest, OutlierOrder::kCost}) {
    const OutliersAnswer answer = Ask(order, 10'000);
    EXPECT_GT(answer.total, 1'000);
    EXPECT_GT(answer.calls.size(), 100U);
    EXPECT_LT(answer.calls.size(), 1'000U);
  }
}

}  // namespace
}  // namespace itemized::testing
