// SPDX-License-Identifier: Apache-2.0
// What a provider says that it charged is kept beside the cost, and is the cost where it is
// trusted.

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

class ReportedCosts : public DatabaseTest {
 protected:
  void ReopenTrusting(std::vector<std::string> providers) {
    DatabaseOptions options = Options();
    options.trusted_cost_providers = std::move(providers);
    Reopen(options);
  }
  BilledCall FirstOf(const std::string& workflow_id) {
    return Value(db().GetRun(workflow_id)).calls.at(0);
  }
};

Call CallOf(const std::string& workflow_id, const std::string& provider,
            std::optional<int64_t> reported_picos) {
  Call call = MakeCall("c", workflow_id, "planning", 1'000);
  call.provider = provider;
  call.reported_cost_picos = reported_picos;
  return call;
}

TEST_F(ReportedCosts, AreKeptBesideTheCost) {
  SetSonnetRate();
  Store({CallOf("told", "anthropic", 77), CallOf("free", "anthropic", 0),
         CallOf("untold", "anthropic", std::nullopt)});
  EXPECT_EQ(FirstOf("told").call.reported_cost_picos, 77);
  EXPECT_EQ(FirstOf("told").cost, (CallCost{.picos = 3'000'000'000}));
  EXPECT_EQ(FirstOf("free").call.reported_cost_picos, 0);
  EXPECT_EQ(FirstOf("untold").call.reported_cost_picos, std::nullopt);
}

TEST_F(ReportedCosts, AreTheCostOfCallsOfATrustedProviderUnderAnyOfItsNames) {
  ReopenTrusting({"openrouter", "gemini"});
  SetSonnetRate();
  Call without_usage = CallOf("without usage", "openrouter", 5);
  without_usage.usage.reset();
  Call without_rate = CallOf("without rate", "open-router", 77);
  without_rate.model = "mystery-1";
  Store({without_rate, without_usage, CallOf("synonym", "vertex_ai", 9),
         CallOf("untold", "openrouter", std::nullopt), CallOf("other", "anthropic", 4)});
  EXPECT_EQ(FirstOf("without rate").cost, (CallCost{.picos = 77, .reported = true}));
  EXPECT_EQ(FirstOf("without usage").cost, (CallCost{.picos = 5, .reported = true}));
  EXPECT_EQ(FirstOf("synonym").cost, (CallCost{.picos = 9, .reported = true}));
  EXPECT_EQ(FirstOf("untold").cost, (CallCost{.picos = 3'000'000'000}));
  EXPECT_EQ(FirstOf("other").cost, (CallCost{.picos = 3'000'000'000}));
  EXPECT_EQ(TopOf("planning").rated_calls, 5);
}

TEST_F(ReportedCosts, OfStoredCallsCountOnceTheyArePricedAgain) {
  Store({CallOf("before", "openrouter", 77)});
  ReopenTrusting({"openrouter"});
  EXPECT_TRUE(FirstOf("before").cost.unpriced);
  SetSonnetRate();
  EXPECT_EQ(FirstOf("before").cost, (CallCost{.picos = 77, .reported = true}));
  ReopenTrusting({});
  EXPECT_EQ(FirstOf("before").cost, (CallCost{.picos = 77, .reported = true}));
  SetRates({MakeRate("claude-sonnet-4-6", 2, 2)});
  EXPECT_EQ(FirstOf("before").cost, (CallCost{.picos = 2'000}));
  EXPECT_EQ(FirstOf("before").call.reported_cost_picos, 77);
}

TEST_F(ReportedCosts, ThatChangeNeedAHigherRevision) {
  SetSonnetRate();
  Store({CallOf("run", "anthropic", 77)});
  EXPECT_EQ(Write({CallOf("run", "anthropic", 78)}).duplicate, 1);
  EXPECT_EQ(FirstOf("run").call.reported_cost_picos, 77);
  Call newer = CallOf("run", "anthropic", 78);
  newer.revision = 1;
  Store({newer});
  EXPECT_EQ(FirstOf("run").call.reported_cost_picos, 78);
}

TEST_F(ReportedCosts, LeaveNothingBehindWhenTheirCallIsRetracted) {
  ReopenTrusting({"openrouter"});
  Store({CallOf("stays", "openrouter", 5)});
  const std::string before = Describe(Top());
  Store({CallOf("goes", "openrouter", 77)});
  EXPECT_EQ(Value(db().Retract({{"goes", "c"}})), 1);
  EXPECT_EQ(Describe(Top()), before);
}

TEST_F(ReportedCosts, BelowZeroAreRefused) {
  const BatchResult result = Write({CallOf("run", "openrouter", -5)});
  ASSERT_EQ(result.refusals.size(), 1U);
  EXPECT_EQ(result.refusals[0].code, RefusalCode::kCostOutOfRange);
}

}  // namespace
}  // namespace itemized::testing
