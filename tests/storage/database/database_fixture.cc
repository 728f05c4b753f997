// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/database_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "storage/base/check.h"

namespace itemized::testing {

TemporaryDirectory::TemporaryDirectory() : path_(::testing::TempDir() + "itemized-XXXXXX") {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Call MakeCall(const std::string& event_id, const std::string& workflow_id, const std::string& step,
              int64_t input_tokens, int64_t output_tokens) {
  Call call;
  call.event_id = event_id;
  call.time_us = kNowUs;
  call.workflow = "support_ticket";
  call.workflow_id = workflow_id;
  call.step = step;
  call.provider = "anthropic";
  call.model = "claude-sonnet-4-6";
  call.usage.emplace();
  (*call.usage)[UsageClass::kInput] = input_tokens;
  (*call.usage)[UsageClass::kOutput] = output_tokens;
  return call;
}

Completion MakeCompletion(const std::string& workflow_id, Outcome outcome, int64_t time_us,
                          std::vector<std::string> unused_steps) {
  Completion completion;
  completion.time_us = time_us;
  completion.workflow = "support_ticket";
  completion.workflow_id = workflow_id;
  completion.outcome = outcome;
  completion.unused_steps = std::move(unused_steps);
  return completion;
}

Rate MakeRate(const std::string& model, int64_t input_picos, int64_t output_picos,
              int64_t effective_from_us) {
  Rate rate;
  rate.match.kind = ModelMatch::Kind::kEquals;
  rate.match.text = model;
  rate.effective_from_us = effective_from_us;
  rate.source = "test";
  SetPrice(&rate.prices, UsageClass::kInput, input_picos);
  SetPrice(&rate.prices, UsageClass::kOutput, output_picos);
  return rate;
}

void SetPrice(Prices* prices, UsageClass usage_class, int64_t picos) {
  (*prices)[static_cast<size_t>(usage_class)] = picos;
}

void DatabaseTest::SetUp() {
  Reopen();
}

void DatabaseTest::TearDown() {
  if (db_ == nullptr) {
    return;
  }
  ExpectRowsAddUp(*db_, Always());
  const absl::Status verified = db_->VerifyViews();
  EXPECT_TRUE(verified.ok()) << verified.ToString();
}

DatabaseOptions DatabaseTest::Options() const {
  DatabaseOptions options;
  options.directory = directory();
  options.clock = &clock_;
  options.steady = [this] { return clock_.SteadyUs(); };
  return options;
}

void DatabaseTest::Reopen(const DatabaseOptions& options) {
  db_.reset();
  db_ = Value(Database::Open(options));
}

BatchResult DatabaseTest::Write(const std::vector<Call>& calls,
                                std::vector<Completion> completions) {
  return Value(db_->Write(MakeBatch(calls, std::move(completions))));
}

void DatabaseTest::Store(const std::vector<Call>& calls, std::vector<Completion> completions) {
  const int64_t events = static_cast<int64_t>(calls.size() + completions.size());
  const BatchResult result = Write(calls, std::move(completions));
  EXPECT_EQ(result.accepted, events);
  for (const Refusal& refusal : result.refusals) {
    ADD_FAILURE() << "event " << refusal.index << ": " << refusal.message;
  }
}

void DatabaseTest::SetRates(const std::vector<Rate>& rates) {
  Value(db_->SetRates(rates));
}

TopAnswer DatabaseTest::Top(GroupBy by) {
  return Value(db_->Top({.window = Always(), .by = by, .attribute_key = ""}));
}

TopRow DatabaseTest::TopOf(const std::string& key, GroupBy by) {
  for (const TopRow& row : Top(by).rows) {
    if (row.key == key) {
      return row;
    }
  }
  ADD_FAILURE() << "no row " << key;
  return {};
}

WorkflowRow DatabaseTest::WorkflowOf(const std::string& workflow) {
  for (const WorkflowRow& row : Value(db_->Workflows(Always())).rows) {
    if (row.workflow == workflow) {
      return row;
    }
  }
  ADD_FAILURE() << "no workflow " << workflow;
  return {};
}

OutliersAnswer DatabaseTest::Outliers() {
  return Value(db_->Outliers({.window = Always(), .limit = 1'000'000}));
}

void ExpectRowsAddUp(const TopAnswer& top) {
  CallSums sums;
  Picos unsurfaced = 0;
  for (const TopRow& row : top.rows) {
    sums.calls += row.sums.calls;
    sums.unpriced_calls += row.sums.unpriced_calls;
    sums.usage_missing_calls += row.sums.usage_missing_calls;
    sums.outliers += row.sums.outliers;
    sums.learning_calls += row.sums.learning_calls;
    sums.cost += row.sums.cost;
    for (size_t i = 0; i < kUsageClassCount; ++i) {
      sums.usage.counts[i] += row.sums.usage.counts[i];
    }
    unsurfaced += row.unsurfaced;
  }
  EXPECT_EQ(sums, top.total);
  EXPECT_EQ(unsurfaced, top.unsurfaced);
}

void ExpectRowsAddUp(const Database& db, const Window& window) {
  for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow, GroupBy::kProvider,
                           GroupBy::kAttribute}) {
    SCOPED_TRACE("grouped by " + std::to_string(static_cast<int>(by)));
    TopQuery query{.window = window, .by = by, .attribute_key = "tenant"};
    if (by == GroupBy::kAttribute) {  // Needs single calls.
      query.window.range.start_us = std::max(window.range.start_us, db.Info().events_kept_from_us);
    }
    ExpectRowsAddUp(Value(db.Top(query)));
  }
}

CallFilter OfStep(const std::string& step) {
  CallFilter filter;
  filter[NameKind::kStep] = step;
  return filter;
}

}  // namespace itemized::testing
