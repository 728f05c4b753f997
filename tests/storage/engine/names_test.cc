// SPDX-License-Identifier: Apache-2.0
// Names are bytes: none is folded into another until there are too many.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/model/limits.h"
#include "tests/storage/engine/database_fixture.h"

namespace itemized::testing {
namespace {

class Names : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
  }
};

TEST_F(Names, ThatDifferByCaseOrUnicodeFormStayApart) {
  const std::vector<std::string> names = {
      "plan", "Plan", "PLAN", "plan ", "r\u00e9sum\u00e9", "re\u0301sume\u0301", "\u8a08\u753b"};
  std::vector<Call> calls;
  for (size_t i = 0; i < names.size(); ++i) {
    calls.push_back(MakeCall("c", names[i], names[i], static_cast<int64_t>(i) + 1));
    calls.back().workflow = calls.back().provider = names[i];
  }
  Store(calls);
  for (size_t i = 0; i < names.size(); ++i) {
    const Picos cost = static_cast<int64_t>(i) + 1;
    EXPECT_EQ(TopOf(names[i]).sums.cost, cost);
    EXPECT_EQ(TopOf(names[i], GroupBy::kWorkflow).sums.cost, cost);
    EXPECT_EQ(TopOf(names[i], GroupBy::kProvider).sums.cost, cost);
    EXPECT_EQ(Value(db().Run(names[i])).cost, cost);
  }
}

TEST_F(Names, ThatAreEmptyHaveARowOfTheirOwn) {
  Call call = MakeCall("c", "run", "planning", 5);
  call.workflow = call.provider = "";
  Store({call});
  EXPECT_EQ(TopOf("", GroupBy::kWorkflow).sums.cost, Picos{5});
  EXPECT_EQ(TopOf("", GroupBy::kProvider).sums.cost, Picos{5});
  EXPECT_EQ(WorkflowOf("").spend, Picos{5});
}

TEST_F(Names, AttributesGroupCallsAndThoseWithoutOneAreUnderTheEmptyName) {
  Call acme = MakeCall("a", "run", "planning", 5);
  acme.attributes = {{"tenant", "acme"}, {"release", "7"}};
  Call zeta = MakeCall("z", "run", "planning", 7);
  zeta.attributes = {{"tenant", "zeta"}};
  Store({acme, zeta, MakeCall("n", "run", "planning", 6)});
  const TopAnswer top =
      Value(db().Top({.window = Always(), .by = GroupBy::kAttribute, .attribute_key = "tenant"}));
  ASSERT_EQ(top.rows.size(), 3U);
  EXPECT_EQ(top.rows[0].key, "zeta");
  EXPECT_EQ(top.rows[1].key, "");
  EXPECT_EQ(top.rows[1].sums.cost, Picos{6});
  EXPECT_EQ(top.rows[2].key, "acme");
}

TEST_F(Names, RowsOfEqualCostComeByKey) {
  Store({MakeCall("1", "run", "b", 5), MakeCall("2", "run", "a", 5), MakeCall("3", "run", "c", 5),
         MakeCall("4", "run", "z", 9)});
  std::string order;
  for (const TopRow& row : Top().rows) {
    order += row.key;
  }
  EXPECT_EQ(order, "zabc");
}

TEST_F(Names, BeyondTheLimitFoldIntoOtherWithTheMoneyKept) {
  constexpr int64_t kBeyond = 200;
  std::vector<Call> calls;
  for (int64_t i = 0; i < static_cast<int64_t>(kProvidersMax) + kBeyond; ++i) {
    calls.push_back(MakeCall("c" + std::to_string(i), "run", "planning", 10));
    calls.back().provider = "provider-" + std::to_string(i);
  }
  Store(calls);
  const TopAnswer top = Top(GroupBy::kProvider);
  EXPECT_EQ(top.total.calls, static_cast<int64_t>(calls.size()));
  EXPECT_EQ(top.total.cost, Picos{10} * calls.size());
  EXPECT_LE(top.rows.size(), kProvidersMax + 1);
  const TopRow other = TopOf(kOtherName, GroupBy::kProvider);
  EXPECT_GE(other.sums.calls, kBeyond);
  EXPECT_LE(other.sums.calls, kBeyond + 2);  // The empty and the folded name may take a place.
  EXPECT_EQ(TopOf("provider-0", GroupBy::kProvider).sums.cost, Picos{10});

  Reopen();
  calls.back().event_id = "again";
  Store({calls.back()});
  EXPECT_EQ(TopOf(kOtherName, GroupBy::kProvider).sums.calls, other.sums.calls + 1);
}

TEST_F(Names, TooManyStepsFoldIntoOtherWithTheMoneyKept) {
  const int64_t steps = static_cast<int64_t>(kStepsMax) + 100;
  std::vector<Call> calls;
  for (int64_t i = 0; i < steps; ++i) {
    calls.push_back(MakeCall("c" + std::to_string(i), "run", "step-" + std::to_string(i), 10));
    if (calls.size() == kBatchEventsMax || i + 1 == steps) {
      Store(calls);
      calls.clear();
    }
  }
  const TopAnswer top = Top();
  EXPECT_EQ(top.total.cost, Picos{10} * steps);
  EXPECT_LE(top.rows.size(), kStepsMax + 1);
  EXPECT_GE(TopOf(kOtherName).sums.calls, 100);
  EXPECT_LE(TopOf(kOtherName).sums.calls, 102);
}

}  // namespace
}  // namespace itemized::testing
