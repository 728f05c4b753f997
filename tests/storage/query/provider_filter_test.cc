// SPDX-License-Identifier: Apache-2.0
// A question about a provider is about all names that senders have for it.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class ProviderFilter : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    SetRates({MakeRate("claude-sonnet-4-6", 1, 1)});
    std::vector<Call> calls;
    int64_t tokens = 1;
    for (const char* provider : {"google", "gemini", "vertex_ai-language-models", "Anthropic",
                                 "litellm", "portkey", "our-own", ""}) {
      calls.push_back(MakeCall(provider, std::string("run-") + provider, "planning", tokens));
      calls.back().event_id = std::string("c-") + provider;
      calls.back().provider = provider;
      tokens *= 10;
    }
    Store(calls);
  }

  static CallFilter Of(const std::string& provider) {
    CallFilter filter;
    filter[NameKind::kProvider] = provider;
    return filter;
  }
  // What the calls of a provider cost, which is the same for every question.
  Picos CostOf(const std::string& provider) {
    const CallFilter filter = Of(provider);
    const Picos cost = Value(db().Top({.window = Always(), .filter = filter})).total.cost;
    Picos of_series = 0;
    SeriesQuery days;
    days.window = Window::Of({kNowUs - kMicrosPerDay, kNowUs + kMicrosPerDay});
    days.filter = filter;
    const SeriesAnswer series = Value(db().Series(days));
    for (const SeriesPoint& point : series.points) {
      of_series += point.sums.cost;
    }
    EXPECT_EQ(of_series, cost);
    RepricingRequest request;
    request.provider = provider;
    const Picos before = TotalCost();
    EXPECT_TRUE(db().SetRates({MakeRate("claude-sonnet-4-6", 2, 2)}, Reprice::kUnpriced).ok());
    const RepricingJob job = Value(db().RepriceCalls(request));
    EXPECT_EQ(job.cost_before, cost);
    EXPECT_EQ(TotalCost(), before + cost);
    EXPECT_TRUE(db().UndoRepricing(job.id).ok());
    return cost;
  }
};

TEST_F(ProviderFilter, LetsThroughAProviderUnderAllOfItsNames) {
  EXPECT_EQ(CostOf("gemini"), 111);
  EXPECT_EQ(CostOf("google"), 111);
  EXPECT_EQ(CostOf("gcp.vertex_ai"), 111);
  EXPECT_EQ(CostOf("anthropic"), 1'000);
}

TEST_F(ProviderFilter, LetsThroughAGatewayUnderItsOwnNameAlone) {
  EXPECT_EQ(CostOf("litellm"), 10'000);
  EXPECT_EQ(CostOf("portkey"), 100'000);
  EXPECT_EQ(CostOf("vercel"), 0);
}

TEST_F(ProviderFilter, LetsThroughNamesThatNobodyKnows) {
  EXPECT_EQ(CostOf("our-own"), 1'000'000);
  EXPECT_EQ(CostOf("Our-Own"), 1'000'000);
  EXPECT_EQ(CostOf(""), 10'000'000);
  EXPECT_EQ(CostOf("openai"), 0);
}

}  // namespace
}  // namespace itemized::testing
