// SPDX-License-Identifier: Apache-2.0
// Models that come when there are no numbers left for names.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/model/limits.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

// Stores so many models without a rate that there is no number for another one.
class ModelsBeyondTheLimit : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    std::vector<Call> calls;
    for (size_t i = 0; i < kModelsMax; ++i) {
      calls.push_back(MakeCall("junk" + std::to_string(i), "junk", "planning", 1));
      calls.back().model = "junk-" + std::to_string(i);
      if (calls.size() == kBatchEventsMax || i + 1 == kModelsMax) {
        Store(std::exchange(calls, {}));
      }
    }
  }
  static Call CallOf(const std::string& model) {
    Call call = MakeCall("call of " + model, "real", "planning", 10);
    call.model = model;
    return call;
  }
  BilledCall FirstOfRun() { return Value(db().GetRun("real")).calls.front(); }
};

TEST_F(ModelsBeyondTheLimit, AreNamedIfTheyHaveARate) {
  SetRates({MakeRate("gpt-5", 3, 3)});
  Store({CallOf("gpt-5")});
  EXPECT_EQ(TopOf("gpt-5", GroupBy::kModel).sums.cost, Picos{30});
  Reopen();
  EXPECT_EQ(TopOf("gpt-5", GroupBy::kModel).sums.cost, Picos{30});
}

TEST_F(ModelsBeyondTheLimit, ArePricedWhenARateArrives) {
  Store({CallOf("gpt-5"), CallOf("gpt-6")});
  EXPECT_EQ(FirstOfRun().call.model, "gpt-5");
  EXPECT_TRUE(FirstOfRun().cost.unpriced);
  Reopen();
  ASSERT_TRUE(db().SetRates({MakeRate("gpt-5", 3, 3)}, Reprice::kUnpriced).ok());
  EXPECT_EQ(FirstOfRun().call.model, "gpt-5");
  EXPECT_EQ(FirstOfRun().cost.picos, 30);
  EXPECT_TRUE(Value(db().GetRun("real")).calls.back().cost.unpriced);
  ASSERT_TRUE(db().SetRates({MakeRate("gpt-5", 5, 5)}, Reprice::kUnpriced).ok());
  RepricingRequest request;
  request.model = "gpt-5";
  const RepricingPreview preview = Value(db().PreviewRepricing(request));
  ASSERT_EQ(preview.rows.size(), 1U);
  EXPECT_EQ(preview.rows[0].model, "gpt-5");
  EXPECT_EQ(Value(db().RepriceCalls(request)).cost_after, 50);
  Value(db().Retract({{"real", "call of gpt-5"}}));
  EXPECT_EQ(FirstOfRun().call.model, "gpt-6");
}

}  // namespace
}  // namespace itemized::testing
