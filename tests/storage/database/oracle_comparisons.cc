// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include <gtest/gtest.h>

#include "storage/base/check.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/naive_quantile.h"
#include "tests/storage/database/oracle_run.h"

namespace itemized::testing {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  CHECK(absl::LoadTimeZone(name, &zone));
  return zone;
}

const std::vector<absl::TimeZone>& Zones() {
  static const auto& zones = *new std::vector<absl::TimeZone>{
      absl::UTCTimeZone(),       Zone("Europe/Berlin"),      Zone("America/New_York"),
      Zone("Asia/Kolkata"),      Zone("Australia/Adelaide"), Zone("Asia/Kathmandu"),
      Zone("Pacific/Kiritimati")};
  return zones;
}

// Cuts points to the window, since their ranges may reach beyond it while their calls do not.
SeriesAnswer CutToWindow(SeriesAnswer answer) {
  for (SeriesPoint& point : answer.points) {
    point.range.start_us = std::max(point.range.start_us, answer.range.start_us);
    point.range.end_us = std::min(point.range.end_us, answer.range.end_us);
  }
  return answer;
}

// Leaves out the calls of the last instant if the limit may have cut into them, since calls of one
// instant may come in any order.
OutliersAnswer WithoutLastInstant(OutliersAnswer answer) {
  if (static_cast<int64_t>(answer.calls.size()) < answer.total && !answer.calls.empty()) {
    const int64_t last_us = answer.calls.back().call.time_us;
    while (!answer.calls.empty() && answer.calls.back().call.time_us == last_us) {
      answer.calls.pop_back();
    }
  }
  return answer;
}

}  // namespace

CallFilter OracleRun::RandomFilter() {
  CallFilter filter;
  if (random_.Percent(40)) {
    return filter;
  }
  const Call like = delivered_.empty() ? Call() : random_.Pick(delivered_);
  const auto maybe = [&](NameKind kind, const std::string& name) {
    if (random_.Percent(30)) {
      filter[kind] = random_.Percent(90) ? name : "never seen";
    }
  };
  maybe(NameKind::kStep, like.step);
  maybe(NameKind::kModel, like.model);
  maybe(NameKind::kWorkflow, like.workflow);
  maybe(NameKind::kProvider, like.provider);
  if (random_.Percent(30)) {
    filter.attributes.emplace_back("tenant",
                                   random_.Pick(std::vector<std::string>{"acme", "zeta", ""}));
  }
  return filter;
}

void OracleRun::CompareTop(const TopQuery& query) {
  const TopAnswer actual = Value(db_->Top(query));
  EXPECT_EQ(Describe(model_.Top(query, clock_.NowUs())), Describe(actual))
      << "Top by " << static_cast<int>(query.by);
  ExpectRowsAddUp(actual);
  for (const TopRow& row : actual.rows) {
    ASSERT_EQ(row.threshold.has_value(), query.by == GroupBy::kStep);
    if (row.threshold.has_value()) {
      EXPECT_EQ(Describe(model_.ThresholdOf(row.key)), Describe(*row.threshold)) << row.key;
    }
  }
}

void OracleRun::CompareWorkflows(const Window& window) {
  EXPECT_EQ(Describe(model_.Workflows(window, clock_.NowUs())),
            Describe(Value(db_->Workflows(window))));
}

void OracleRun::CompareRun(const std::string& workflow_id) {
  const std::optional<RunAnswer> expected = model_.Run(workflow_id);
  const absl::StatusOr<RunAnswer> actual = db_->GetRun(workflow_id);
  if (!expected.has_value()) {
    EXPECT_EQ(actual.status().code(), absl::StatusCode::kNotFound) << workflow_id;
    return;
  }
  EXPECT_EQ(Describe(*expected), Describe(Value(actual)));
}

void OracleRun::CompareSeries() {
  SeriesQuery query;
  query.by_hour = random_.Percent(50);
  query.window = RandomWindow((query.by_hour ? 10 : 90) * kMicrosPerDay);
  query.filter = RandomFilter();
  if (random_.Percent(50)) {
    query.by = static_cast<GroupBy>(random_.Between(0, 4));
    query.attribute_key = *query.by == GroupBy::kAttribute ? "tenant" : "";
  }
  query.zone = random_.Pick(Zones());
  EXPECT_EQ(Describe(model_.Series(query, clock_.NowUs())),
            Describe(CutToWindow(Value(db_->Series(query)))))
      << query.zone.name() << (query.by_hour ? " by hour" : " by day");
}

// Compares each step bucket by bucket, and each workflow with the answer about workflows.
void OracleRun::CompareDistributions(const Window& window) {
  for (const std::string& step : RandomEvents::Steps()) {
    const DistributionQuery query{.window = window, .of = NameKind::kStep, .name = step};
    const DistributionAnswer actual = Value(db_->Distribution(query));
    const std::vector<int64_t> costs = model_.CostsOfStep(query, clock_.NowUs());
    EXPECT_EQ(actual.count, static_cast<int64_t>(costs.size())) << step;
    EXPECT_EQ(actual.p50, BucketQuantile(costs, 50));
    EXPECT_EQ(actual.p95, BucketQuantile(costs, 95));
    Picos total = 0;
    auto next = costs.begin();
    for (const DistributionBucket& bucket : actual.buckets) {
      const auto end = std::lower_bound(next, costs.end(), bucket.to);
      EXPECT_EQ(bucket.count, end - next) << step;
      EXPECT_EQ(bucket.total, std::accumulate(next, end, Picos{0})) << step;
      EXPECT_TRUE(next == end || *next >= bucket.from) << step;
      total += bucket.total;
      next = end;
    }
    EXPECT_TRUE(next == costs.end()) << step;
    EXPECT_EQ(actual.total, total) << step;
  }
  for (const WorkflowRow& row : model_.Workflows(window, clock_.NowUs()).rows) {
    const DistributionAnswer actual = Value(
        db_->Distribution({.window = window, .of = NameKind::kWorkflow, .name = row.workflow}));
    EXPECT_EQ(actual.count, row.runs[static_cast<size_t>(Outcome::kCompleted)]) << row.workflow;
    EXPECT_EQ(actual.total, row.completed_spend) << row.workflow;
    EXPECT_EQ(actual.p95, row.p95_completed) << row.workflow;
  }
}

void OracleRun::CompareOutliers(const OutliersQuery& query) {
  const OutliersAnswer actual = Value(db_->Outliers(query));
  EXPECT_EQ(Describe(WithoutLastInstant(model_.Outliers(query, clock_.NowUs()))),
            Describe(WithoutLastInstant(actual)));
  EXPECT_TRUE(std::is_sorted(
      actual.calls.begin(), actual.calls.end(),
      [](const BilledCall& a, const BilledCall& b) { return a.call.time_us > b.call.time_us; }));
  for (const BilledCall& call : actual.calls) {
    const std::vector<std::string> unused = Value(db_->GetRun(call.call.workflow_id)).unused_steps;
    EXPECT_EQ(call.unsurfaced, std::count(unused.begin(), unused.end(), call.call.step) > 0);
  }
}

void OracleRun::CompareThresholds() {
  for (const std::string& step : RandomEvents::Steps()) {
    EXPECT_EQ(Describe(model_.ThresholdOf(step)), Describe(db_->ThresholdOf(step))) << step;
  }
  EXPECT_EQ(Describe(model_.ThresholdOf("never seen")), Describe(db_->ThresholdOf("never seen")));
}

void OracleRun::CompareStock() {
  const DatabaseInfo info = db_->Info();
  EXPECT_EQ(model_.CallCount(), info.calls);
  EXPECT_EQ(model_.UnpricedCount(), info.unpriced_calls);
  EXPECT_EQ(static_cast<int64_t>(model_.RunIds().size()), info.runs);
  EXPECT_EQ(Describe(model_.ListUnpriced()), Describe(db_->ListUnpriced()));
  EXPECT_EQ(Describe(model_.ListRates()), Describe(db_->ListRates()));
}

}  // namespace itemized::testing
