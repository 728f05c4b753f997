// SPDX-License-Identifier: Apache-2.0
// Jobs that read again what providers reported of calls. A call here has the usage that an earlier
// table of shapes has made of its report.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/maintenance/repricing_jobs_fixture.h"

namespace itemized::testing {
namespace {

// What a provider reported: so much input, of which so much came from the cache, and output.
std::string Report(int64_t input, int64_t cached, int64_t output) {
  return absl::StrCat(R"({"completion_tokens":)", output, R"(,"prompt_tokens":)", input,
                      R"(,"prompt_tokens_details":{"cached_tokens":)", cached, "}}");
}

// What the present table makes of it.
Usage UsageOf(int64_t input, int64_t cached, int64_t output) {
  Usage usage;
  usage[UsageClass::kInput] = input - cached;
  usage[UsageClass::kCacheRead] = cached;
  usage[UsageClass::kOutput] = output;
  return usage;
}

class Rederivation : public RepricingJobsTest {
 protected:
  void SetUp() override {
    RepricingJobsTest::SetUp();
    Rate rate = MakeRate(kModel, 10, 100);
    testing::SetPrice(&rate.prices, UsageClass::kCacheRead, 1);
    SetRates({rate});
  }

  static RepricingRequest All() { return {.rederive = true}; }
  RepricingJob RederiveAll() { return Value(db().RepriceCalls(All())); }

  // A call of which an earlier table took the cached tokens for more input.
  static Call Misread(const std::string& id, int64_t input, int64_t cached, int64_t output) {
    Call call = MakeCall(id, "run-1", "planning", input, output);
    call.reported_usage = Report(input, cached, output);
    return call;
  }
  BilledCall Only() {
    const RunAnswer run = Value(db().GetRun({.workflow_id = "run-1"}));
    EXPECT_EQ(run.calls.size(), 1U);
    return run.calls.at(0);
  }
};

TEST_F(Rederivation, GivesCallsTheUsageOfTheirReportAndTheCostOfThat) {
  Store({Misread("c-1", 1'000, 900, 5)});
  EXPECT_EQ(TotalCost(), 10'500);
  const RepricingPreview preview = Value(db().PreviewRepricing(All()));
  ASSERT_EQ(preview.rows.size(), 1U);
  EXPECT_EQ(preview.looked_at, 1);
  EXPECT_EQ(preview.rows[0].calls, 1);
  EXPECT_EQ(preview.rows[0].cost_before, 10'500);
  EXPECT_EQ(preview.rows[0].cost_after, 2'400);
  EXPECT_EQ(preview.rows[0].tokens_before, 1'005);
  EXPECT_EQ(preview.rows[0].tokens_after, 1'005);
  EXPECT_EQ(TotalCost(), 10'500);
  const RepricingJob job = RederiveAll();
  EXPECT_EQ(job.kind, JobKind::kRederive);
  EXPECT_EQ(job.calls, 1);
  EXPECT_EQ(job.cost_before, 10'500);
  EXPECT_EQ(job.cost_after, 2'400);
  EXPECT_EQ(Only().call.usage, UsageOf(1'000, 900, 5));
  EXPECT_EQ(TotalCost(), 2'400);
  EXPECT_EQ(Value(db().Top({.window = Always()})).total.usage[UsageClass::kCacheRead], 900);
  EXPECT_EQ(RederiveAll().calls, 0);
  EXPECT_TRUE(Value(db().PreviewRepricing(All())).rows.empty());
}

TEST_F(Rederivation, LeavesCallsWhoseReportSaysWhatTheyHaveWithTheirCost) {
  Call right = MakeCall("c-1", "run-1", "planning", 7, 5);
  right.usage = UsageOf(7, 3, 5);
  right.reported_usage = Report(7, 3, 5);
  Store({right, MakeCall("c-2", "run-1", "planning", 7)});
  const Picos cost = TotalCost();
  ASSERT_TRUE(db().SetRates({MakeRate(kModel, 1'000, 1'000)}, Reprice::kUnpriced).ok());
  EXPECT_EQ(Value(db().PreviewRepricing(All())).looked_at, 2);
  EXPECT_TRUE(Value(db().PreviewRepricing(All())).rows.empty());
  EXPECT_EQ(RederiveAll().calls, 0);
  EXPECT_EQ(TotalCost(), cost);
}

TEST_F(Rederivation, FindsTheUsageOfCallsThatNobodyCouldCount) {
  Call unknown = Misread("c-1", 100, 0, 5);
  unknown.usage.reset();
  unknown.usage_unknown = true;
  Store({unknown});
  EXPECT_TRUE(Only().cost.unpriced);
  const RepricingPreview preview = Value(db().PreviewRepricing(All()));
  ASSERT_EQ(preview.rows.size(), 1U);
  EXPECT_EQ(preview.rows[0].unpriced_before, 1);
  EXPECT_EQ(preview.rows[0].unpriced_after, 0);
  const RepricingJob job = RederiveAll();
  EXPECT_EQ(Only().call.usage, UsageOf(100, 0, 5));
  EXPECT_FALSE(Only().call.usage_unknown);
  EXPECT_EQ(TotalCost(), 1'500);
  Value(db().UndoRepricing(job.id));
  EXPECT_TRUE(Only().cost.unpriced);
  EXPECT_TRUE(Only().call.usage_unknown);
}

TEST_F(Rederivation, TakesUsageFromCallsWhoseReportCannotBeCounted) {
  Call call = MakeCall("c-1", "run-1", "planning", 7);
  call.reported_usage = R"({"tokens_in":7})";
  Store({call});
  EXPECT_EQ(RederiveAll().calls, 1);
  EXPECT_EQ(Only().call.usage, std::nullopt);
  EXPECT_TRUE(Only().call.usage_unknown);
  EXPECT_TRUE(Only().cost.unpriced);
}

TEST_F(Rederivation, IsForTheCallsThatItNamesAlone) {
  std::vector<Call> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(Misread("c-" + std::to_string(i), 100, 100, 0));
    calls.back().time_us = kNowUs - i * kMinuteUs;
  }
  calls[1].provider = "openai";
  calls[3].provider = "openai";
  Store(calls);
  RepricingRequest request = All();
  request.range.start_us = kNowUs - 2 * kMinuteUs;
  request.provider = "openai";
  EXPECT_EQ(Value(db().PreviewRepricing(request)).looked_at, 1);
  EXPECT_EQ(Value(db().RepriceCalls(request)).calls, 1);
  EXPECT_EQ(TotalCost(), 3'100);
}

TEST_F(Rederivation, LetsACallBeDeliveredAgainRevisedAndTakenOut) {
  Store({Misread("c-1", 1'000, 900, 5)});
  RederiveAll();
  Reopen();  // The run is brief from now on.
  Call again = Misread("c-1", 1'000, 900, 5);
  again.usage = UsageOf(1'000, 900, 5);
  EXPECT_EQ(Write({again}).duplicate, 1);  // The sender's report, as this table reads it.
  Call revised = again;
  revised.revision = 1;
  revised.usage = UsageOf(1'000, 1'000, 0);
  revised.reported_usage = Report(1'000, 1'000, 0);
  Store({revised});
  EXPECT_EQ(TotalCost(), 1'000);
  EXPECT_EQ(Value(db().Retract({{"run-1", "c-1"}})), 1);
  EXPECT_EQ(TotalCost(), 0);
}

TEST_F(Rederivation, OfCallsWithoutAnIdIsOfEachOnce) {
  Call call = Misread("", 1'000, 900, 5);
  Store({call, call, Misread("", 500, 0, 0)});
  EXPECT_EQ(RederiveAll().calls, 2);
  EXPECT_EQ(TotalCost(), 2 * 2'400 + 5'000);
  ASSERT_TRUE(db().SetRates({MakeRate(kModel, 2, 2)}, Reprice::kAll).ok());
  EXPECT_EQ(TotalCost(), 2 * 2 * 1'005 + 1'000);
}

TEST_F(Rederivation, ThatIsUndoneLeavesEveryViewAsItWas) {
  RandomEvents events(7);
  StoreRandomCalls(&events, 20);
  std::vector<Call> calls;
  for (int i = 0; i < 300; ++i) {
    Call call = Misread("m-" + std::to_string(i), 1'000 + i, i * 3, i % 7);
    call.workflow_id = "run-" + std::to_string(i % 13);
    call.step = "step-" + std::to_string(i % 5);
    call.time_us = clock().NowUs() - i * 20 * kMinuteUs;
    calls.push_back(std::move(call));
  }
  Store(calls);
  int64_t previewed = 0;
  for (const RepricingRow& row : Value(db().PreviewRepricing(All())).rows) {
    previewed += row.calls;
  }
  EXPECT_GE(previewed, 299);  // The first had nothing in the cache.
  const std::string answers_before_job = Answers();
  const auto rows_before_job = RowsOfViews();
  const RepricingJob job = RederiveAll();
  EXPECT_EQ(job.calls, previewed);
  EXPECT_NE(Answers(), answers_before_job);
  Reopen();
  EXPECT_EQ(Value(db().UndoRepricing(job.id)).calls, previewed);
  EXPECT_EQ(Answers(), answers_before_job);
  EXPECT_EQ(RowsOfViews(), rows_before_job);
}

TEST_F(Rederivation, JudgesACallThatHasAnotherUsageAnew) {
  for (int i = 0; i < 200; ++i) {
    Store({MakeCall("usual-" + std::to_string(i), "run-2", "planning", 10)});
  }
  Call call = Misread("c-1", 2'000, 0, 5);
  call.usage = UsageOf(10, 0, 0);
  Store({call});
  EXPECT_FALSE(Only().receipt.has_value());
  RederiveAll();
  ASSERT_TRUE(Only().receipt.has_value());
  EXPECT_TRUE(Only().receipt->judged_when_priced);
  EXPECT_EQ(Only().receipt->p50_picos, 100);
}

}  // namespace
}  // namespace itemized::testing
