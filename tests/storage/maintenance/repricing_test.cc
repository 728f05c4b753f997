// SPDX-License-Identifier: Apache-2.0
// Rates that come after the calls: every call is priced again, and judged when it is first
// priced, while calls come in.

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"
#include "tests/storage/database/tapped_kv.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

// One token costs 10^-6 USD here, so 5,000 tokens are the default threshold.
constexpr int64_t kToken = 1'000'000;

class RepricingTest : public DatabaseTest {
 protected:
  // Calls of `model` at `time_us`, the ids of which count up.
  std::vector<Call> Calls(int count, int64_t tokens, int64_t time_us,
                          const std::string& step = "planning") {
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      calls.push_back(MakeCall("c-" + std::to_string(next_id_++), "run", step, tokens));
      calls.back().time_us = time_us;
    }
    return calls;
  }

  static RateName Sonnet() { return {"", ModelMatch::Equals("claude-sonnet-4-6"), 0}; }
  void SetTokenRate() { SetRates({MakeRate("claude-sonnet-4-6", kToken, kToken)}); }

  std::future<absl::StatusOr<RateChange>> BeginTokenRate() {
    auto promise = std::make_shared<std::promise<absl::StatusOr<RateChange>>>();
    db().SetRates({MakeRate("claude-sonnet-4-6", kToken, kToken)}, Reprice::kAll,
                  [promise](absl::StatusOr<RateChange> change) { promise->set_value(change); });
    return promise->get_future();
  }

  // A month of four steps, of which one call in twenty costs twenty times as much.
  std::vector<std::vector<Call>> Month() {
    std::vector<std::vector<Call>> batches;
    for (int hour = 0; hour < 30 * 24; hour += 6) {
      std::vector<Call>& batch = batches.emplace_back();
      for (int step = 0; step < 4; ++step) {
        const int64_t time_us = kNowUs - (30 * 24 - hour) * kMicrosPerHour + step;
        const int64_t tokens = 1'500 + 100 * step;
        const std::string name = "step-" + std::to_string(step);
        for (const Call& call : Calls(19, tokens, time_us, name)) {
          batch.push_back(call);
        }
        batch.push_back(Calls(1, 20 * tokens, time_us, name).front());
      }
    }
    return batches;
  }

 private:
  int next_id_ = 0;
};

TEST_F(RepricingTest, RatesAfterTheCallsGiveTheOutliersOfRatesBeforeThem) {
  for (const std::vector<Call>& batch : Month()) {
    Store(batch);
  }
  const OutliersAnswer before = Outliers();
  EXPECT_EQ(before.total, 0);
  EXPECT_EQ(before.unjudged_calls, 120 * 80);
  SetTokenRate();
  const OutliersAnswer after = Outliers();
  EXPECT_EQ(after.unjudged_calls, 0);
  const int64_t dear = 120 * 4;
  EXPECT_EQ(after.total + after.learning_calls, dear);
  EXPECT_GT(after.total, dear * 97 / 100);  // But those judged before anything was learned.
  for (const BilledCall& call : after.calls) {
    EXPECT_TRUE(call.receipt->judged_when_priced);
    EXPECT_GE(call.receipt->sample_count, 30);
  }
  EXPECT_EQ(db().Info().repricing, std::nullopt);
}

TEST_F(RepricingTest, CallsFromBeforeTheBaselineAreJudgedByWhatIsLearnedFromIt) {
  Store(Calls(40, 2'000, kNowUs - 90 * kMicrosPerDay));
  Store(Calls(5, 30'000, kNowUs - 80 * kMicrosPerDay));
  Store(Calls(100, 2'000, kNowUs - kMicrosPerDay));
  SetTokenRate();
  EXPECT_EQ(Outliers().learning_calls, 0);
  ASSERT_EQ(Outliers().total, 5);
  EXPECT_EQ(Outliers().calls.front().receipt,
            (OutlierReceipt{.p50_picos = 2'000 * kToken,
                            .sample_count = 64,  // So many calls has the first commit.
                            .learning = false,
                            .judged_when_priced = true}));
}

TEST_F(RepricingTest, ACallWithAPriceKeepsItsVerdictAndOneWithoutHasNone) {
  SetTokenRate();
  Store(Calls(30, 100, kNowUs));
  Store(Calls(1, 600, kNowUs));
  const OutlierReceipt on_arrival = *Outliers().calls.at(0).receipt;
  EXPECT_FALSE(on_arrival.judged_when_priced);
  SetRates({MakeRate("claude-sonnet-4-6", kToken / 10, kToken)});
  EXPECT_EQ(*Outliers().calls.at(0).receipt, on_arrival);
  EXPECT_EQ(Value(db().RemoveRates({Sonnet()})).repriced_calls, 31);
  EXPECT_EQ(Outliers().total, 0);
  EXPECT_EQ(Outliers().unjudged_calls, 31);
  EXPECT_EQ(Top().total.outliers, 0);
  EXPECT_TRUE(db().ThresholdOf("planning").learning);
  for (const BilledCall& call : Value(db().GetRun("run")).calls) {
    EXPECT_EQ(call.receipt, std::nullopt);
  }
  SetRates({MakeRate("claude-sonnet-4-6", 10 * kToken, kToken)});  // Learning begins again.
  EXPECT_EQ(Outliers().total, 0);
  EXPECT_EQ(Outliers().learning_calls, 1);
}

TEST_F(RepricingTest, WithoutItsRateACallHasThePriceOfTheNextBest) {
  SetRates({MakeRate("claude-sonnet-4-6", 7, 7), MakeRate("claude-sonnet-4-6", 3, 3, kNowUs - 1)});
  Store({MakeCall("a", "run", "planning", 10)});
  EXPECT_EQ(TotalCost(), Picos{30});
  const RateChange change =
      Value(db().RemoveRates({{"", ModelMatch::Equals("claude-sonnet-4-6"), kNowUs - 1}}));
  EXPECT_EQ(Describe(change),
            Describe(RateChange{.added = 0, .replaced = 0, .removed = 1, .repriced_calls = 1}));
  EXPECT_EQ(TotalCost(), Picos{70});
  EXPECT_EQ(db().ListRates().size(), 1U);
  Reopen();
  EXPECT_EQ(db().ListRates().size(), 1U);
  EXPECT_EQ(TotalCost(), Picos{70});
}

TEST_F(RepricingTest, ARateThatIsNotThereIsNamedAndNothingIsRemoved) {
  SetTokenRate();
  const auto result = db().RemoveRates({Sonnet(), {"openai", ModelMatch::Equals("gpt-5"), kNowUs}});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(result.status().message()),
              ::testing::AllOf(HasSubstr("gpt-5"), HasSubstr("openai"), HasSubstr("2026-11-01")));
  EXPECT_EQ(db().ListRates().size(), 1U);
}

TEST_F(RepricingTest, CallsComeInMeanwhileAtTheNewPrice) {
  for (int batch = 0; batch < 4; ++batch) {
    Store(Calls(10'000, 1, kNowUs - batch * kMicrosPerHour));
  }
  auto done = BeginTokenRate();
  Store(Calls(1, 1'000'000, kNowUs, "answer"));
  const auto progress = db().Repricing();
  ASSERT_TRUE(progress.has_value());  // It was not waited for.
  EXPECT_EQ(progress->calls, 40'000);
  EXPECT_LT(progress->done, 40'000);
  EXPECT_EQ(TopOf("answer").sums.cost, Picos{1'000'000} * kToken);
  EXPECT_EQ(Value(done.get()).repriced_calls, 40'000);
  EXPECT_EQ(db().Repricing(), std::nullopt);
  EXPECT_EQ(TotalCost(), Picos{1'040'000} * kToken);
}

TEST_F(RepricingTest, RetractionsMeanwhileAreNotUndone) {
  Store(Calls(10'000, 1, kNowUs));
  Store(Calls(10'000, 1, kNowUs - kMicrosPerHour));
  auto done = BeginTokenRate();
  std::vector<CallId> ids;
  for (int i = 0; i < 20'000; i += 100) {
    ids.push_back({"run", "c-" + std::to_string(i)});
  }
  for (const CallId& id : ids) {
    EXPECT_EQ(Value(db().Retract({id})), 1);
  }
  EXPECT_TRUE(done.get().ok());
  EXPECT_EQ(TotalCost(), Picos{20'000 - 200} * kToken);
}

TEST_F(RepricingTest, ChangesThatComeMeanwhileAreAllAnsweredAndAllHold) {
  Store(Calls(10'000, 1, kNowUs));
  std::vector<std::future<absl::StatusOr<RateChange>>> answers;
  for (int price = 1; price <= 8; ++price) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<RateChange>>>();
    answers.push_back(promise->get_future());
    db().SetRates({MakeRate("claude-sonnet-4-6", price, 1)}, Reprice::kAll,
                  [promise](absl::StatusOr<RateChange> change) { promise->set_value(change); });
  }
  for (auto& answer : answers) {
    EXPECT_TRUE(answer.get().ok());
  }
  EXPECT_EQ(TotalCost(), Picos{80'000});
  EXPECT_TRUE(db().WaitUntilRepriced().ok());
  EXPECT_EQ(db().Repricing(), std::nullopt);
}

TEST_F(RepricingTest, WhatIsCutShortGoesOnAfterOpening) {
  for (int batch = 0; batch < 4; ++batch) {
    Store(Calls(10'000, 2, kNowUs - batch * kMicrosPerHour));
  }
  auto done = BeginTokenRate();
  Close();
  EXPECT_EQ(done.get().status().code(), absl::StatusCode::kUnavailable);
  Reopen();
  EXPECT_TRUE(db().WaitUntilRepriced().ok());
  EXPECT_EQ(TotalCost(), Picos{80'000} * kToken);
  Reopen();
  EXPECT_EQ(db().Repricing(), std::nullopt);  // The marker is gone.
}

// Each of these took minutes once, for the time rose with the square of what there is.
TEST_F(RepricingTest, AnHourOfManyRunsAndARunOfManyCallsTakeAsLongAsOthers) {
  for (int batch = 0; batch < 10; ++batch) {
    std::vector<Call> calls = Calls(10'000, 1, kNowUs);
    for (size_t i = 0; i < calls.size() / 2; ++i) {
      calls[i].workflow_id = "run-" + std::to_string(batch) + "-" + std::to_string(i);
    }
    Store(calls);
  }
  for (const int64_t price : {1, 2}) {
    EXPECT_EQ(Value(db().SetRates({MakeRate("claude-sonnet-4-6", price, 1)})).repriced_calls,
              100'000);
    EXPECT_EQ(TotalCost(), Picos{100'000} * price);
  }
  EXPECT_EQ(Value(db().GetRun("run")).cost, Picos{100'000});
}

// Ingestion waits for a commit, so that none may have all calls or all hours.
TEST_F(RepricingTest, IsCommittedInPieces) {
  Tap tap;
  DatabaseOptions options = Options();
  options.open_kv = [&](const std::string& path) -> absl::StatusOr<std::unique_ptr<Kv>> {
    return std::make_unique<TappedKv>(Value(OpenRocksKv(path)), tap);
  };
  Reopen(options);
  for (int batch = 0; batch < 4; ++batch) {
    Store(Calls(10'000, 1, kNowUs - batch * kMicrosPerHour));
  }
  std::vector<Call> hours = Calls(3'000, 1, kNowUs);
  for (size_t i = 0; i < hours.size(); ++i) {
    hours[i].time_us -= static_cast<int64_t>(10 + i) * kMicrosPerHour;
  }
  Store(hours);
  std::vector<size_t> blocks;  // How many blocks each commit has.
  std::vector<size_t> bytes;
  tap.write = [&](const KvBatch& batch) {
    size_t written = 0;
    size_t count = 0;
    for (const KvBatch::Operation& operation : batch.operations()) {
      if (operation.family == Family::kLog && operation.value.has_value()) {
        written += operation.value->size();
        ++count;
      }
    }
    if (count > 0) {
      blocks.push_back(count);
      bytes.push_back(written);
    }
  };
  SetTokenRate();
  tap.write = [](const KvBatch&) {};
  EXPECT_EQ(TotalCost(), Picos{43'000} * kToken);
  EXPECT_GT(blocks.size(), 43'000U / 4'096);
  EXPECT_LE(*std::max_element(blocks.begin(), blocks.end()), 256U);
  const size_t all = std::accumulate(bytes.begin(), bytes.end(), size_t{0});
  EXPECT_LT(*std::max_element(bytes.begin(), bytes.end()), all / 4);
  Reopen();
}

TEST_F(RepricingTest, CallsWithoutAnIdArePricedAgainOneByOne) {
  std::vector<Call> calls = Calls(5'000, 1, kNowUs);
  for (size_t i = 0; i < calls.size(); ++i) {
    calls[i].event_id.clear();
    calls[i].usage->counts[0] = static_cast<int64_t>(i % 3);
  }
  Store(calls, {MakeCompletion("run", Outcome::kCompleted, kNowUs, {"planning"})});
  for (const int64_t price : {1, 2, 0, 5}) {
    SetRates({MakeRate("claude-sonnet-4-6", price, 1)});
    EXPECT_EQ(Value(db().GetRun("run")).cost, Picos{1'666 + 2 * 1'666 + 0 + 1} * price);
    EXPECT_EQ(Value(db().GetRun("run")).unsurfaced, Value(db().GetRun("run")).cost);
  }
}

TEST_F(RepricingTest, ARunThatIsReadFromItsRowIsPricedAgainWithoutItsCalls) {
  DatabaseOptions options = Options();
  options.resident_runs_max = 2;
  Reopen(options);
  for (int run = 0; run < 20; ++run) {
    std::vector<Call> calls = Calls(7, 1, kNowUs - run * kMicrosPerHour);
    for (Call& call : calls) {
      call.workflow_id = "run-" + std::to_string(run);
    }
    calls.back().event_id.clear();
    Store(calls, {MakeCompletion("run-" + std::to_string(run), Outcome::kCompleted, kNowUs)});
    ASSERT_TRUE(db().Checkpoint().ok());
  }
  Reopen(options);
  SetTokenRate();
  for (int run = 0; run < 20; ++run) {
    const RunAnswer answer = Value(db().GetRun("run-" + std::to_string(run)));
    EXPECT_EQ(answer.cost, Picos{7} * kToken);
    EXPECT_EQ(answer.unpriced_calls, 0);
    ASSERT_EQ(answer.calls.size(), 7U);
    EXPECT_EQ(Write({answer.calls.back().call}).accepted,
              answer.calls.back().call.event_id.empty() ? 1 : 0);
  }
  EXPECT_EQ(Value(db().Retract({{"run-3", "c-21"}})), 1);
}

TEST_F(RepricingTest, HoursInFallingOrderAreTakenUpLikeOthers) {
  SetTokenRate();
  int64_t hour = kNowUs / kMicrosPerHour;
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<Call> calls = Calls(10'000, 1, kNowUs);
    for (Call& call : calls) {
      call.time_us = hour-- * kMicrosPerHour;
    }
    Store(calls);
  }
  EXPECT_EQ(TotalCost(), Picos{30'000} * kToken);
  SetRates({MakeRate("claude-sonnet-4-6", 2, 1)});
  EXPECT_EQ(TotalCost(), Picos{60'000});
}

}  // namespace
}  // namespace itemized::testing
