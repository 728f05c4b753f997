#include "tests/storage/engine/oracle_run.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include <gtest/gtest.h>

#include "storage/base/check.h"
#include "tests/storage/engine/broken_batch.h"
#include "tests/storage/engine/describe.h"

namespace itemized::testing {
namespace {

// 2026-09-28: the clocks of Europe (October 25) and America (November 1) are
// put back in the weeks that follow.
constexpr int64_t kStartUs = 1'790'553'600 * kMicrosPerSecond;

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

// Points may be cut to the window or not: their calls are those of the window.
SeriesAnswer CutToWindow(SeriesAnswer answer) {
  for (SeriesPoint& point : answer.points) {
    point.range.start_us = std::max(point.range.start_us, answer.range.start_us);
    point.range.end_us = std::min(point.range.end_us, answer.range.end_us);
  }
  return answer;
}

// Calls of the same instant may come in any order, so where the limit cuts
// into those of one instant they are left out.
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

OracleRun::OracleRun(uint64_t seed) : events_(seed) {
  clock_.Set(kStartUs);
  options_.directory = directory_.path();
  options_.clock = &clock_;
  options_.resident_runs_max = random_.Percent(50) ? 8 : 200'000;
  longest_wait_us_ = random_.Percent(25) ? kMinuteUs : 100 * kMinuteUs;
  Reopen();
  const std::vector<Rate> costly = {RandomEvents::CostlyRate()};
  model_.SetRates(costly);
  Value(db_->SetRates(costly));
}

void OracleRun::Reopen() {
  db_.reset();
  db_ = Value(Database::Open(options_));
}

void OracleRun::Step() {
  struct Choice {
    int64_t weight;
    void (OracleRun::*operation)();
  };
  static constexpr Choice kChoices[] = {
      {560, &OracleRun::Write},     {80, &OracleRun::WriteCompletions},
      {20, &OracleRun::SetRates},   {60, &OracleRun::Retract},
      {20, &OracleRun::Checkpoint}, {8, &OracleRun::Reopen},
      {7, &OracleRun::Verify},      {205, &OracleRun::Ask},
      {10, &OracleRun::Wait},       {30, &OracleRun::CompareThresholds},
  };
  Wait();
  int64_t dice = random_.Between(1, 1'000);
  for (const Choice& choice : kChoices) {
    dice -= choice.weight;
    if (dice <= 0) {
      (this->*choice.operation)();
      return;
    }
  }
  CHECK(false && "the weights add up to 1,000");
}

void OracleRun::Wait() {
  clock_.Advance(random_.Between(0, longest_wait_us_));
  if (random_.Percent(1)) {
    clock_.Advance(random_.Between(0, 2 * kMicrosPerDay));
  }
  if (random_.Percent(1)) {  // As when a server's clock is set right.
    clock_.Advance(-random_.LogUniform(kMicrosPerHour));
  }
  if (random_.Percent(2)) {
    events_.ShiftALevel();
  }
}

void OracleRun::Write() {
  const int64_t now_us = clock_.NowUs();
  std::vector<Call> calls;
  std::set<size_t> malformed;
  const int64_t size = random_.Percent(70) ? random_.Between(1, 10) : random_.Between(1, 50);
  for (int64_t i = 0; i < size; ++i) {
    if (random_.Percent(4)) {
      calls.push_back(events_.NextBadCall(now_us));
    } else if (random_.Percent(8) && !delivered_.empty()) {
      calls.push_back(random_.Pick(delivered_));
      calls.back().duration_us += random_.Between(0, 1);
    } else {
      calls.push_back(events_.NextCall(now_us));
      if (random_.Percent(1)) {
        malformed.insert(calls.size() - 1);
      } else {
        delivered_.push_back(calls.back());
      }
    }
  }
  std::vector<Completion> completions;
  if (random_.Percent(15)) {
    completions.push_back(events_.NextCompletion(now_us));
    completions_.push_back(completions.back());
  }
  WriteToBoth(calls, completions, malformed);
}

void OracleRun::WriteCompletions() {
  const int64_t now_us = clock_.NowUs();
  std::vector<Completion> completions;
  for (int64_t i = random_.Between(1, 5); i > 0; --i) {
    if (random_.Percent(10)) {
      completions.push_back(events_.NextBadCompletion(now_us));
      continue;
    }
    const bool again = random_.Percent(30) && !completions_.empty();
    completions.push_back(again ? random_.Pick(completions_) : events_.NextCompletion(now_us));
    if (again && random_.Percent(30)) {  // At an equal time, but another end.
      completions.back().outcome = static_cast<Outcome>(random_.Between(1, 4));
    }
    completions_.push_back(completions.back());
  }
  WriteToBoth({}, completions);
}

void OracleRun::WriteToBoth(const std::vector<Call>& calls,
                            const std::vector<Completion>& completions,
                            const std::set<size_t>& malformed) {
  EventBatch batch = MakeBatch(calls, completions);
  for (const size_t row : malformed) {
    PointStepNowhere(&batch, row);
  }
  const BatchResult result = Value(db_->Write(std::move(batch)));
  EXPECT_EQ(Describe(model_.Write(calls, completions, clock_.NowUs(), malformed)),
            Describe(result));
  for (const Refusal& refusal : result.refusals) {
    EXPECT_FALSE(refusal.message.empty());
  }
}

void OracleRun::SetRates() {
  const std::vector<Rate> rates = events_.NextRates(clock_.NowUs());
  EXPECT_EQ(Describe(model_.SetRates(rates)), Describe(Value(db_->SetRates(rates))));
}

void OracleRun::Retract() {
  std::vector<CallId> ids;
  for (int64_t i = random_.Between(1, 4); i > 0; --i) {
    if (random_.Percent(20) || delivered_.empty()) {
      ids.push_back({"run-1", "unknown" + std::to_string(random_.Between(0, 9))});
      continue;
    }
    const bool recent = random_.Percent(50);
    const int64_t last = static_cast<int64_t>(delivered_.size()) - 1;
    const int64_t first = recent ? std::max<int64_t>(0, last - 20) : 0;
    const Call& call = delivered_[static_cast<size_t>(random_.Between(first, last))];
    if (!call.event_id.empty()) {
      ids.push_back({call.workflow_id, call.event_id});
    }
  }
  EXPECT_EQ(model_.Retract(ids), Value(db_->Retract(ids)));
}

void OracleRun::Checkpoint() {
  const absl::Status status = db_->Checkpoint();
  EXPECT_TRUE(status.ok()) << status.ToString();
}

void OracleRun::Verify() {
  const absl::Status status = db_->VerifyViews();
  EXPECT_TRUE(status.ok()) << status.ToString();
}

int64_t OracleRun::RandomInstant() {
  const int64_t oldest_us = clock_.NowUs() - 60 * kMicrosPerDay;
  const int64_t time_us = random_.Between(oldest_us, clock_.NowUs() + kMicrosPerHour);
  switch (random_.Between(0, 4)) {
    case 0:
      return time_us / kMicrosPerDay * kMicrosPerDay;
    case 1:
      return time_us / kMicrosPerHour * kMicrosPerHour + random_.Between(-1, 1);
    case 2:
      return delivered_.empty() ? time_us
                                : random_.Pick(delivered_).time_us + random_.Between(0, 1);
    default:
      return time_us;
  }
}

Window OracleRun::RandomWindow(int64_t longest_us) {
  if (random_.Percent(40)) {  // Mostly one of a few lengths, as a dashboard asks for.
    const int64_t days = random_.Pick(std::vector<int64_t>{1, 7, 30});
    const bool usual = days * kMicrosPerDay <= longest_us && random_.Percent(75);
    return Window::Last(usual ? days * kMicrosPerDay : random_.LogUniform(longest_us));
  }
  TimeRange range{RandomInstant(), RandomInstant()};
  if (range.start_us > range.end_us) {
    std::swap(range.start_us, range.end_us);
  }
  range.end_us = std::clamp(range.end_us, range.start_us + 1, range.start_us + longest_us);
  return Window::Of(range);
}

void OracleRun::Ask() {
  switch (random_.Between(0, 5)) {
    case 0:
    case 1:
      CompareTop(RandomWindow(90 * kMicrosPerDay), static_cast<GroupBy>(random_.Between(0, 4)),
                 random_.Pick(std::vector<std::string>{"tenant", "release", "unknown"}));
      break;
    case 2:
      CompareWorkflows(RandomWindow(90 * kMicrosPerDay));
      break;
    case 3:
      CompareRun(delivered_.empty() ? "run-0" : random_.Pick(delivered_).workflow_id);
      break;
    case 4:
      CompareSeries();
      break;
    default:
      CompareOutliers(RandomWindow(90 * kMicrosPerDay),
                      random_.Percent(50) ? "" : random_.Pick(RandomEvents::Steps()),
                      static_cast<size_t>(random_.LogUniform(1'000)));
  }
}

void OracleRun::CompareEverything() {
  const Window always = Window::Of({0, clock_.NowUs() + kMicrosPerDay});
  for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow, GroupBy::kProvider,
                           GroupBy::kAttribute}) {
    CompareTop(always, by, "tenant");
    CompareTop(Window::Last(30 * kMicrosPerDay), by, "release");
  }
  CompareWorkflows(always);
  CompareWorkflows(Window::Last(30 * kMicrosPerDay));
  const std::vector<std::string> run_ids = model_.RunIds();
  for (size_t i = 0; i < 100 && !run_ids.empty(); ++i) {
    CompareRun(random_.Pick(run_ids));
  }
  for (int i = 0; i < 10; ++i) {
    CompareSeries();
  }
  CompareOutliers(always, "", 1'000'000);
  CompareThresholds();
  CompareStock();
}

void OracleRun::CompareTop(const Window& window, GroupBy by, const std::string& attribute_key) {
  const TopQuery query{.window = window, .by = by, .attribute_key = attribute_key};
  const TopAnswer actual = Value(db_->Top(query));
  EXPECT_EQ(Describe(model_.Top(query, clock_.NowUs())), Describe(actual))
      << "Top by " << static_cast<int>(by);
  ExpectRowsAddUp(actual);
}

void OracleRun::CompareWorkflows(const Window& window) {
  EXPECT_EQ(Describe(model_.Workflows(window, clock_.NowUs())),
            Describe(Value(db_->Workflows(window))));
}

void OracleRun::CompareRun(const std::string& workflow_id) {
  const std::optional<RunAnswer> expected = model_.Run(workflow_id);
  const absl::StatusOr<RunAnswer> actual = db_->Run(workflow_id);
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
  query.step = random_.Percent(50) ? "" : random_.Pick(RandomEvents::Steps());
  query.zone = random_.Pick(Zones());
  EXPECT_EQ(Describe(model_.Series(query, clock_.NowUs())),
            Describe(CutToWindow(Value(db_->Series(query)))))
      << query.zone.name() << (query.by_hour ? " by hour" : " by day");
}

void OracleRun::CompareOutliers(const Window& window, const std::string& step, size_t limit) {
  const OutliersQuery query{.window = window, .step = step, .limit = limit};
  const OutliersAnswer actual = Value(db_->Outliers(query));
  EXPECT_EQ(Describe(WithoutLastInstant(model_.Outliers(query, clock_.NowUs()))),
            Describe(WithoutLastInstant(actual)));
  EXPECT_TRUE(std::is_sorted(
      actual.calls.begin(), actual.calls.end(),
      [](const BilledCall& a, const BilledCall& b) { return a.call.time_us > b.call.time_us; }));
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
