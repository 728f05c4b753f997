// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/oracle_run.h"

#include <algorithm>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/check.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/rebuilt_store.h"

namespace itemized::testing {
namespace {

// 2026-09-28: the clocks of Europe (October 25) and America (November 1) are
// put back in the weeks that follow.
constexpr int64_t kStartUs = 1'790'553'600 * kMicrosPerSecond;

bool CostlyRateMatches(const Call& call) {
  return RandomEvents::CostlyRate().match == ModelMatch::Equals(call.model);
}

}  // namespace

OracleRun::OracleRun(uint64_t seed, bool faulty_log)
    : events_(seed), fault_random_(seed), faulty_log_(faulty_log) {
  clock_.Set(kStartUs);
  options_.directory = directory_.path();
  options_.clock = &clock_;
  options_.resident_runs_max = random_.Percent(50) ? 8 : 200'000;
  if (random_.Percent(50)) {
    options_.trusted_cost_providers = {"openai"};
    model_.TrustReportedCosts("openai");
  }
  options_.wrap_log = [this](std::unique_ptr<CommitLog> log) {
    return std::make_unique<FaultyLog>(std::make_unique<RecordedLog>(std::move(log), &recording_),
                                       &faults_);
  };
  longest_wait_us_ = random_.Percent(25) ? kMinuteUs : 100 * kMinuteUs;
  Reopen();
  const std::vector<Rate> costly = {RandomEvents::CostlyRate()};
  model_.SetRates(costly);
  Value(db_->SetRates(costly));
  may_fail_ = faulty_log;
}

void OracleRun::CompareRebuilt() {
  db_.reset();
  EXPECT_THAT(DifferencesOfRebuiltStore(recording_, directory_.path()), ::testing::IsEmpty());
  Reopen();
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
      {548, &OracleRun::Write},
      {80, &OracleRun::WriteCompletions},
      {20, &OracleRun::SetRates},
      {60, &OracleRun::Retract},
      {12, &OracleRun::RemoveRates},
      {20, &OracleRun::Checkpoint},
      {8, &OracleRun::Reopen},
      {7, &OracleRun::Verify},
      {205, &OracleRun::Ask},
      {10, &OracleRun::Wait},
      {30, &OracleRun::CompareThresholds},
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
  if (random_.Percent(1)) {  // A server's clock is set right like this.
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
    } else if (random_.Percent(4) && !delivered_.empty()) {
      Revise(&calls);
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

// Sends a call that was delivered before as it is seen now.
void OracleRun::Revise(std::vector<Call>* calls) {
  Call call = random_.Pick(delivered_);
  if (call.event_id.empty() || CostlyRateMatches(call)) {
    return;
  }
  const Call other = events_.NextCall(clock_.NowUs());
  call.revision += static_cast<uint32_t>(random_.Between(0, 2));
  call.usage = other.usage;
  if (random_.Percent(50)) {
    call.time_us = other.time_us;
    call.step = other.step;
  }
  calls->push_back(call);
  delivered_.push_back(std::move(call));
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
    if (again && random_.Percent(30)) {  // The run ends at the same time, but in another way.
      completions.back().outcome = static_cast<Outcome>(random_.Between(1, 4));
    }
    completions_.push_back(completions.back());
  }
  WriteToBoth({}, completions);
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
  switch (random_.Between(0, 8)) {
    case 0:
    case 1:
      CompareTop(
          {.window = RandomWindow(90 * kMicrosPerDay),
           .by = static_cast<GroupBy>(random_.Between(0, 4)),
           .attribute_key = random_.Pick(std::vector<std::string>{"tenant", "release", "unknown"}),
           .filter = RandomFilter()});
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
    case 5:
      CompareWasted();
      break;
    case 6:
      CompareComparison();
      break;
    case 7:
      CompareWhatIf(RandomWindow(90 * kMicrosPerDay));
      break;
    default:
      CompareOutliers({.window = RandomWindow(90 * kMicrosPerDay),
                       .filter = RandomFilter(),
                       .limit = static_cast<size_t>(random_.LogUniform(1'000))});
      CompareDistributions(RandomWindow(90 * kMicrosPerDay));
  }
}

void OracleRun::CompareEverything() {
  const Window always = Window::Of({0, clock_.NowUs() + kMicrosPerDay});
  for (const GroupBy by : {GroupBy::kStep, GroupBy::kModel, GroupBy::kWorkflow, GroupBy::kProvider,
                           GroupBy::kAttribute}) {
    CompareTop({.window = always, .by = by, .attribute_key = "tenant"});
    CompareTop({.window = Window::Last(30 * kMicrosPerDay), .by = by, .attribute_key = "release"});
  }
  CompareWorkflows(always);
  CompareWorkflows(Window::Last(30 * kMicrosPerDay));
  const std::vector<std::string> run_ids = model_.RunIds();
  for (size_t i = 0; i < 100 && !run_ids.empty(); ++i) {
    CompareRun(random_.Pick(run_ids));
  }
  for (int i = 0; i < 10; ++i) {
    CompareSeries();
    CompareWhatIf(i < 5 ? always : RandomWindow(90 * kMicrosPerDay));
  }
  CompareOutliers({.window = always, .limit = 1'000'000});
  CompareDistributions(always);
  for (int i = 0; i < 3; ++i) {
    CompareWasted();
    CompareComparison();
  }
  CompareThresholds();
  CompareStock();
}

}  // namespace itemized::testing
