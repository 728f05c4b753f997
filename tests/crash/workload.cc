// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/workload.h"

#include <algorithm>
#include <deque>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr size_t kCallsMax = 6;

std::string RunOf(size_t index) {
  return absl::StrCat("run-", index);
}

// Whether it worked; an error must be one that a sender can live with.
bool Succeeded(const absl::Status& status) {
  EXPECT_TRUE(status.ok() || absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
              absl::IsDataLoss(status))
      << status;
  return status.ok();
}

}  // namespace

Submission CrashWorkload::SubmissionOf(size_t index) const {
  const Batch& batch = batches_[index];
  std::vector<Call> calls;
  for (size_t i = 0; i < batch.tokens.size(); ++i) {
    calls.push_back(MakeCall(absl::StrCat("c-", i), RunOf(index), absl::StrCat("step-", index % 3),
                             batch.tokens[i]));
    calls.back().time_us = batch.time_us;
  }
  Submission submission;
  submission.parts.push_back(
      MakeBatch(calls, {MakeCompletion(RunOf(index), Outcome::kCompleted, batch.time_us)}));
  return submission;
}

void CrashWorkload::WriteSome(Database& db) {
  std::deque<std::promise<absl::StatusOr<SubmissionResult>>> answers(1 + Below(4));
  const size_t first = batches_.size();
  for (auto& answer : answers) {
    Batch& batch = batches_.emplace_back();
    batch.time_us = kNowUs - static_cast<int64_t>(Below(100)) * kMicrosPerHour / 2;
    for (uint64_t calls = 1 + Below(kCallsMax); calls > 0; --calls) {
      batch.tokens.push_back(static_cast<int64_t>(Below(10'000)));
    }
    db.Submit(SubmissionOf(batches_.size() - 1),
              [&answer](auto result) { answer.set_value(std::move(result)); });
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto result = answers[i].get_future().get();
    batches_[first + i].acknowledged = Succeeded(result.status());
  }
}

void CrashWorkload::SendAgain(Database& db) {
  const size_t index = Below(batches_.size());
  const auto result = db.Write(std::move(SubmissionOf(index).parts.front()));
  if (!Succeeded(result.status())) {
    return;
  }
  Batch& batch = batches_[index];
  if (batch.acknowledged) {
    EXPECT_EQ(result->accepted, 0) << RunOf(index);
  } else {  // All of it is new, or none.
    const int64_t events = static_cast<int64_t>(batch.tokens.size()) + 1;
    EXPECT_TRUE(result->accepted == 0 || result->accepted == events) << result->accepted;
  }
  EXPECT_TRUE(result->refusals.empty());
  batch.acknowledged = true;
}

void CrashWorkload::Retract(Database& db) {
  const size_t index = Below(batches_.size());
  Batch& batch = batches_[index];
  if (!batch.acknowledged) {
    return;
  }
  const absl::StatusOr<int64_t> retracted = db.Retract({{RunOf(index), "c-0"}});
  batch.first_may_be_retracted = true;
  batch.first_is_retracted |= Succeeded(retracted.status());
}

void CrashWorkload::SetRate(Database& db) {
  const int64_t price = 1 + static_cast<int64_t>(Below(1'000'000));
  if (Succeeded(db.SetRates({MakeRate("claude-sonnet-4-6", price, 1)}).status())) {
    prices_.clear();
    may_be_unpriced_ = false;
  }
  prices_.insert(price);
}

void CrashWorkload::Run(Database& db, int steps) {
  for (int step = 0; step < steps; ++step) {
    const uint64_t kind = batches_.empty() ? 0 : Below(20);
    if (kind < 11) {
      WriteSome(db);
    } else if (kind < 14) {
      SendAgain(db);
    } else if (kind < 16) {
      Retract(db);
    } else if (kind < 17) {
      SetRate(db);
    } else {
      Succeeded(db.Checkpoint());
    }
  }
}

size_t CrashWorkload::acknowledged() const {
  return static_cast<size_t>(std::count_if(batches_.begin(), batches_.end(),
                                           [](const Batch& batch) { return batch.acknowledged; }));
}

// The first price seen settles which rate holds.
void CrashWorkload::CheckPrice(int64_t cost, int64_t tokens) {
  if (tokens == 0) {
    return;
  }
  const int64_t price = cost / tokens;
  ASSERT_EQ(price * tokens, cost);
  ASSERT_TRUE(prices_.count(price) > 0) << price;
  prices_ = {price};
  may_be_unpriced_ = false;
}

Picos CrashWorkload::CheckBatch(Database& db, size_t index, int64_t* calls) {
  Batch& batch = batches_[index];
  const absl::StatusOr<RunAnswer> run = db.GetRun(RunOf(index));
  if (absl::IsNotFound(run.status())) {
    EXPECT_FALSE(batch.acknowledged) << RunOf(index) << " was acknowledged and is lost";
    return 0;
  }
  EXPECT_TRUE(run.ok()) << run.status();
  const size_t missing = batch.tokens.size() - run->calls.size();
  EXPECT_LE(missing, batch.first_may_be_retracted ? 1U : 0U) << RunOf(index);
  EXPECT_GE(missing, batch.first_is_retracted ? 1U : 0U) << RunOf(index);
  EXPECT_EQ(run->outcome, Outcome::kCompleted) << RunOf(index) << " is torn";
  Picos cost = 0;
  std::set<std::string> ids;
  for (const BilledCall& billed : run->calls) {
    ids.insert(billed.call.event_id);
    const size_t place = static_cast<size_t>(std::stoi(billed.call.event_id.substr(2)));
    EXPECT_GE(place, missing);
    if (billed.cost.unpriced) {
      EXPECT_TRUE(may_be_unpriced_);
      prices_.clear();
    } else {
      CheckPrice(billed.cost.picos, batch.tokens[place]);
    }
    cost += billed.cost.picos;
  }
  EXPECT_EQ(ids.size(), run->calls.size()) << RunOf(index) << " is doubled";
  *calls += static_cast<int64_t>(ids.size());
  batch.acknowledged = true;
  batch.first_is_retracted = batch.first_may_be_retracted = missing == 1;
  return cost;
}

void CrashWorkload::Check(Database& db) {
  const absl::Status repriced = db.WaitUntilRepriced();
  EXPECT_TRUE(repriced.ok()) << repriced;
  int64_t calls = 0;
  Picos cost = 0;
  for (size_t i = 0; i < batches_.size(); ++i) {
    cost += CheckBatch(db, i, &calls);
  }
  TopQuery query;
  query.window = Window::Of({0, kNowUs + kMicrosPerDay});
  const TopAnswer top = Value(db.Top(query));
  EXPECT_EQ(top.total.calls, calls);
  EXPECT_EQ(top.total.cost, cost);
  EXPECT_EQ(db.Info().calls, calls);
  const absl::Status verified = db.VerifyViews();
  EXPECT_TRUE(verified.ok()) << verified;
}

}  // namespace itemized::testing
