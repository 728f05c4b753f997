// SPDX-License-Identifier: Apache-2.0
#include "server/convert/query_answers.h"

#include <string>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Makes a row of `calls` calls, `unpriced` of them unpriced, at `cost` in all.
TopRow Row(std::string key, int64_t calls, int64_t unpriced, Picos cost) {
  TopRow row;
  row.key = std::move(key);
  row.sums.calls = calls;
  row.sums.unpriced_calls = unpriced;
  row.sums.cost = cost;
  row.rated_calls = calls - unpriced;
  return row;
}

TopAnswer Top(std::vector<TopRow> rows) {
  TopAnswer answer;
  answer.range = {0, 1'500'000};
  for (const TopRow& row : rows) {
    answer.total.calls += row.sums.calls;
    answer.total.unpriced_calls += row.sums.unpriced_calls;
    answer.total.cost += row.sums.cost;
  }
  answer.rows = std::move(rows);
  return answer;
}

constexpr int64_t kUsd = 1'000'000'000'000;

TEST(QueryAnswers, SharesAreOfTheWholeWindow) {
  const auto top = ToTopResponse(
      Top({Row("a", 1, 0, 6 * kUsd), Row("b", 7, 0, 3 * kUsd), Row("c", 2, 1, kUsd)}), 0);
  ASSERT_EQ(top.rows_size(), 3);
  EXPECT_EQ(top.window().start(), "1970-01-01T00:00:00Z");
  EXPECT_EQ(top.window().end(), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(top.total().calls(), 10);
  EXPECT_EQ(top.total().cost_usd(), "10");
  EXPECT_EQ(top.total().unpriced_calls(), 1);
  EXPECT_DOUBLE_EQ(top.rows(0).spend_share(), 0.6);
  EXPECT_DOUBLE_EQ(top.rows(0).call_share(), 0.1);
  EXPECT_DOUBLE_EQ(top.rows(1).cumulative_spend_share(), 0.9);
  EXPECT_DOUBLE_EQ(top.rows(2).cumulative_spend_share(), 1);
  EXPECT_EQ(top.rows_omitted(), 0);
}

TEST(QueryAnswers, TheLimitCutsRowsButNotTotals) {
  const auto top = ToTopResponse(Top({Row("a", 1, 0, 3 * kUsd), Row("b", 1, 0, kUsd)}), 1);
  ASSERT_EQ(top.rows_size(), 1);
  EXPECT_EQ(top.rows_omitted(), 1);
  EXPECT_EQ(top.total().cost_usd(), "4");
  EXPECT_DOUBLE_EQ(top.rows(0).cumulative_spend_share(), 0.75);
}

TEST(QueryAnswers, MeansAreOverPricedCallsAndRoundedHalfToEven) {
  const auto top = ToTopResponse(Top({Row("a", 4, 2, 5), Row("b", 2, 0, 3), Row("c", 3, 3, 0)}), 0);
  EXPECT_EQ(top.rows(0).mean_cost_usd(), "0.000000000002");
  EXPECT_EQ(top.rows(1).mean_cost_usd(), "0.000000000002");
  EXPECT_EQ(top.rows(2).mean_cost_usd(), "0");
}

TEST(QueryAnswers, FailedCallsThatWereFreeAreInNoMean) {
  TopRow row = Row("a", 4, 0, 6);
  row.rated_calls = 2;
  EXPECT_EQ(ToTopResponse(Top({row}), 0).rows(0).mean_cost_usd(), "0.000000000003");
}

TEST(QueryAnswers, AWindowWithoutSpendHasSharesOfZero) {
  const auto top = ToTopResponse(Top({Row("a", 2, 2, 0)}), 0);
  EXPECT_EQ(top.rows(0).spend_share(), 0);
  EXPECT_EQ(top.rows(0).cumulative_spend_share(), 0);
  EXPECT_EQ(top.rows(0).call_share(), 1);
}

TEST(QueryAnswers, RowsOfStepsHaveThresholds) {
  TopRow learning = Row("a", 1, 0, 1);
  learning.threshold = Threshold{.picos = 5'000'000'000, .learning = true};
  TopRow learned = Row("b", 1, 0, 1);
  learned.threshold = Threshold{.picos = kUsd, .learning = false};
  const auto top = ToTopResponse(Top({learning, learned}), 0);
  EXPECT_EQ(top.rows(0).threshold_usd(), "0.005");
  EXPECT_TRUE(top.rows(0).threshold_learning());
  EXPECT_EQ(top.rows(1).threshold_usd(), "1");
  EXPECT_FALSE(top.rows(1).threshold_learning());
  EXPECT_EQ(ToTopResponse(Top({Row("a", 1, 0, 1)}), 0).rows(0).threshold_usd(), "");
}

TEST(QueryAnswers, EveryTokenClassHasItsOwnField) {
  TopRow row = Row("a", 1, 0, 1);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    row.sums.usage.counts[c] = static_cast<int64_t>(c) + 1;
  }
  row.p50_duration_us = 1500;
  row.p95_duration_us = 2'000'000;
  const pb::TopRow got = ToTopResponse(Top({row}), 0).rows(0);
  EXPECT_EQ(got.input_tokens(), 1);
  EXPECT_EQ(got.cache_read_tokens(), 2);
  EXPECT_EQ(got.cache_write_5m_tokens(), 3);
  EXPECT_EQ(got.cache_write_1h_tokens(), 4);
  EXPECT_EQ(got.output_tokens(), 5);
  EXPECT_EQ(got.reasoning_tokens(), 6);
  EXPECT_EQ(got.input_audio_tokens(), 7);
  EXPECT_EQ(got.cache_read_audio_tokens(), 8);
  EXPECT_EQ(got.output_audio_tokens(), 9);
  EXPECT_EQ(got.input_image_tokens(), 10);
  EXPECT_EQ(got.output_image_tokens(), 11);
  EXPECT_EQ(got.web_searches(), 12);
  EXPECT_DOUBLE_EQ(got.p50_duration_ms(), 1.5);
  EXPECT_DOUBLE_EQ(got.p95_duration_ms(), 2000);
}

TEST(QueryAnswers, APointOfASeriesHasTheSumOfEveryClass) {
  SeriesAnswer answer;
  SeriesPoint& point = answer.points.emplace_back();
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    point.sums.usage.counts[c] = static_cast<int64_t>(c) + 1;
  }
  const pb::GetSeriesResponse got = ToSeriesResponse(answer, "plan", absl::UTCTimeZone());
  EXPECT_EQ(got.points(0).input_tokens(), 1);
  EXPECT_EQ(got.points(0).reasoning_tokens(), 6);
  EXPECT_EQ(got.points(0).input_audio_tokens(), 7);
  EXPECT_EQ(got.points(0).web_searches(), 12);
}

TEST(QueryAnswers, ACompletedRunCostsAllSpendDividedByTheCompletedRuns) {
  WorkflowRow row;
  row.workflow = "ticket";
  row.runs[static_cast<size_t>(Outcome::kOpen)] = 1;
  row.runs[static_cast<size_t>(Outcome::kCompleted)] = 4;
  row.runs[static_cast<size_t>(Outcome::kFailed)] = 2;
  row.spend = 10 * kUsd;
  row.completed_spend = 6 * kUsd;
  row.completed_calls = 10;
  row.p50_completed = kUsd;
  const pb::WorkflowRow got = ToWorkflowsResponse({{}, {row}}).rows(0);
  EXPECT_EQ(got.runs(), 7);
  EXPECT_EQ(got.completed(), 4);
  EXPECT_EQ(got.failed(), 2);
  EXPECT_EQ(got.open(), 1);
  EXPECT_EQ(got.spend_usd(), "10");
  EXPECT_EQ(got.cost_per_completed_usd(), "2.5");
  EXPECT_EQ(got.mean_completed_usd(), "1.5");
  EXPECT_EQ(got.p50_completed_usd(), "1");
  EXPECT_DOUBLE_EQ(got.mean_steps_per_completed(), 2.5);
}

TEST(QueryAnswers, WithoutACompletedRunThereIsNoCostPerRun) {
  WorkflowRow row;
  row.spend = kUsd;
  row.runs[static_cast<size_t>(Outcome::kFailed)] = 1;
  const pb::WorkflowRow got = ToWorkflowsResponse({{}, {row}}).rows(0);
  EXPECT_EQ(got.spend_usd(), "1");
  EXPECT_FALSE(got.has_cost_per_completed_usd());
  EXPECT_FALSE(got.has_mean_completed_usd());
  EXPECT_FALSE(got.has_p50_completed_usd());
  EXPECT_FALSE(got.has_p95_completed_usd());
  EXPECT_FALSE(got.has_mean_steps_per_completed());
}

BilledCall Billed(int64_t cost) {
  BilledCall billed;
  billed.call.step = "plan";
  billed.call.status = CallStatus::kCancelled;
  billed.call.duration_us = 812'500;
  billed.call.usage.emplace();
  billed.call.attributes = {{"tenant", "acme"}};
  billed.cost.picos = cost;
  return billed;
}

TEST(QueryAnswers, ACallShowsItsReceipt) {
  BilledCall billed = Billed(kUsd);
  billed.receipt = OutlierReceipt{.p50_picos = kUsd / 10, .sample_count = 40};
  billed.unsurfaced = true;
  const pb::BilledCall got = ToBilledCall(billed);
  EXPECT_EQ(got.cost_usd(), "1");
  EXPECT_EQ(got.status(), "cancelled");
  EXPECT_DOUBLE_EQ(got.duration_ms(), 812.5);
  EXPECT_EQ(got.attributes().at("tenant"), "acme");
  EXPECT_TRUE(got.has_usage());
  EXPECT_TRUE(got.is_outlier());
  EXPECT_TRUE(got.unsurfaced());
  EXPECT_EQ(got.receipt().p50_usd(), "0.1");
  EXPECT_EQ(got.receipt().threshold_usd(), "0.5");
  EXPECT_EQ(got.receipt().sample_count(), 40);
  EXPECT_DOUBLE_EQ(got.receipt().multiple(), 10);
  EXPECT_EQ(got.receipt().excess_usd(), "0.5");
  EXPECT_FALSE(got.receipt().judged_when_priced());
}

TEST(QueryAnswers, AReceiptWhileLearningNamesTheDefaultThreshold) {
  BilledCall billed = Billed(kUsd / 100);
  billed.receipt = OutlierReceipt{.sample_count = 3, .learning = true, .judged_when_priced = true};
  EXPECT_FALSE(ToBilledCall(billed).is_outlier());
  const pb::OutlierReceipt receipt = ToBilledCall(billed).receipt();
  EXPECT_TRUE(receipt.judged_when_priced());
  EXPECT_TRUE(receipt.learning());
  EXPECT_EQ(receipt.p50_usd(), "");
  EXPECT_EQ(receipt.threshold_usd(), "0.005");
  EXPECT_DOUBLE_EQ(receipt.multiple(), 2);
}

TEST(QueryAnswers, OutliersSayHowManyCallsAreNotJudgedOrNotSurely) {
  OutliersAnswer answer;
  answer.total = 3;
  answer.unjudged_calls = 1'621'000;
  answer.learning_calls = 12;
  answer.calls.emplace_back().receipt = OutlierReceipt{
      .p50_picos = 1, .sample_count = 30, .learning = false, .judged_when_priced = true};
  const pb::GetOutliersResponse response = ToOutliersResponse(answer);
  EXPECT_EQ(response.total(), 3);
  EXPECT_EQ(response.unjudged_calls(), 1'621'000);
  EXPECT_EQ(response.learning_calls(), 12);
  ASSERT_EQ(response.calls_size(), 1);
  EXPECT_TRUE(response.calls(0).receipt().judged_when_priced());
}

TEST(QueryAnswers, AnUnpricedCallHasNoCost) {
  BilledCall billed = Billed(0);
  billed.cost.unpriced = true;
  billed.call.usage.reset();
  const pb::BilledCall got = ToBilledCall(billed);
  EXPECT_EQ(got.cost_usd(), "");
  EXPECT_TRUE(got.unpriced());
  EXPECT_FALSE(got.has_usage());
  EXPECT_FALSE(got.is_outlier());
}

TEST(QueryAnswers, ARunMarksTheCallsWhoseOutputWasNotUsed) {
  RunAnswer run;
  run.workflow_id = "run-1";
  run.outcome = Outcome::kShortCircuited;
  run.completed_at_us = 1'000'000;
  run.unused_steps = {"plan"};
  run.calls = {Billed(1), Billed(2)};
  run.calls[0].unsurfaced = true;
  run.calls[1].call.step = "answer";
  const pb::GetRunResponse got = ToRunResponse(run);
  EXPECT_EQ(got.outcome(), pb::OUTCOME_SHORT_CIRCUITED);
  EXPECT_EQ(got.completed_at(), "1970-01-01T00:00:01Z");
  EXPECT_TRUE(got.calls(0).unsurfaced());
  EXPECT_FALSE(got.calls(1).unsurfaced());
  EXPECT_EQ(ToRunResponse({}).completed_at(), "");
}

TEST(QueryAnswers, PointsOfASeriesAreWrittenInItsZone) {
  SeriesAnswer answer;
  answer.points.push_back({{0, 3'600'000'000}, {}});
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone));
  const pb::GetSeriesResponse got = ToSeriesResponse(answer, "plan", zone);
  EXPECT_EQ(got.step(), "plan");
  EXPECT_EQ(got.points(0).start(), "1970-01-01T01:00:00+01:00");
  EXPECT_EQ(got.points(0).end(), "1970-01-01T02:00:00+01:00");
}

}  // namespace
}  // namespace itemized::server
