// SPDX-License-Identifier: Apache-2.0
// The table that started it: 12 % of the calls make 60 % of the bill.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class ArticleTest : public DatabaseTest {
 protected:
  void Report(const std::string& step, int calls, int64_t input_tokens) {
    std::vector<Call> batch;
    for (int i = 0; i < calls; ++i) {
      batch.push_back(
          MakeCall(step + std::to_string(i), "run-" + std::to_string(i % 10), step, input_tokens));
    }
    Store(batch);
  }
};

// Tokens are chosen so that the shares of 71 + 17 + 12 = 100 calls are whole
// per cents: 71 * 306 = 21,726, 17 * 1,562 = 26,554 and 12 * 6,035 = 72,420
// of 120,700 tokens are 18 %, 22 % and 60 %.
TEST_F(ArticleTest, TwelvePercentOfTheCallsMakeSixtyPercentOfTheSpend) {
  SetSonnetRate();
  Report("status_check", 71, 306);
  Report("summary", 17, 1'562);
  Report("full_context", 12, 6'035);

  const TopAnswer top = Top();
  ASSERT_EQ(top.rows.size(), 3U);
  EXPECT_EQ(top.total.calls, 100);
  EXPECT_EQ(top.total.cost, Picos{362'100'000'000});  // $0.3621

  EXPECT_EQ(top.rows[0].key, "full_context");  // It has the most spend, though not the most calls.
  EXPECT_EQ(top.rows[0].sums.calls, 12);
  EXPECT_EQ(top.rows[0].sums.cost * 100, top.total.cost * 60);
  EXPECT_EQ(top.rows[1].key, "summary");
  EXPECT_EQ(top.rows[1].sums.calls, 17);
  EXPECT_EQ(top.rows[1].sums.cost * 100, top.total.cost * 22);
  EXPECT_EQ(top.rows[2].key, "status_check");
  EXPECT_EQ(top.rows[2].sums.calls, 71);
  EXPECT_EQ(top.rows[2].sums.cost * 100, top.total.cost * 18);
}

TEST_F(ArticleTest, ACallCostsItsTokensTimesTheRateToTheLastDigit) {
  SetRates({MakeRate("claude-sonnet-4-6", kSonnetIn, kSonnetOut),
            MakeRate("claude-haiku-4-5", 250'000, 1'250'000)});
  Call check = MakeCall("c-3", "run-1", "status_check", 1'001, 7);
  check.model = "claude-haiku-4-5";
  Store({MakeCall("c-1", "run-1", "planning", 8'400, 620),
         MakeCall("c-2", "run-1", "doc_synthesis", 42'000, 1'400), check});

  EXPECT_EQ(TopOf("planning").sums.cost, Picos{34'500'000'000});        // $0.0345
  EXPECT_EQ(TopOf("doc_synthesis").sums.cost, Picos{147'000'000'000});  // $0.147
  EXPECT_EQ(TopOf("status_check").sums.cost, Picos{259'000'000});       // $0.000259
  EXPECT_EQ(TotalCost(), Picos{181'759'000'000});
}

TEST_F(ArticleTest, TheFullyLoadedCostOfAnOutputCarriesTheRunsThatFailed) {
  SetSonnetRate();
  std::vector<Completion> ends;
  for (int i = 0; i < 4; ++i) {
    const std::string run = "run-" + std::to_string(i);
    Store({MakeCall("c", run, "planning", 1'000)});
    ends.push_back(MakeCompletion(run, i == 0 ? Outcome::kFailed : Outcome::kCompleted, kNowUs));
  }
  Store({}, ends);

  const WorkflowRow row = WorkflowOf("support_ticket");
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kCompleted)], 3);
  EXPECT_EQ(row.runs[static_cast<int>(Outcome::kFailed)], 1);
  EXPECT_EQ(row.spend, Picos{12'000'000'000});           // $0.012 for three outputs: $0.004 each.
  EXPECT_EQ(row.completed_spend, Picos{9'000'000'000});  // The outputs themselves took $0.003 each.
  EXPECT_EQ(row.p50_completed, 3'000'000'000);
  EXPECT_EQ(row.completed_calls, 3);
}

}  // namespace
}  // namespace itemized::testing
