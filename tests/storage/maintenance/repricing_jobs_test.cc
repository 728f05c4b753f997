// SPDX-License-Identifier: Apache-2.0
// Jobs that price earlier calls again because somebody asks for it, and that take such a change
// back.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/maintenance/repricing_jobs_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

using RepricingJobs = RepricingJobsTest;

TEST_F(RepricingJobs, ARateThatArrivesPricesOnlyCallsWithoutAPrice) {
  Store({MakeCall("c-1", "run-1", "planning", 1'000)});
  SetPrice(3);
  EXPECT_EQ(TotalCost(), 3'000);
  SetPrice(5);
  EXPECT_EQ(TotalCost(), 3'000);
  Store({MakeCall("c-2", "run-1", "planning", 1'000)});
  EXPECT_EQ(TotalCost(), 8'000);
}

TEST_F(RepricingJobs, GiveCallsThePriceThatTheBookSays) {
  Store({MakeCall("c-1", "run-1", "planning", 1'000), MakeCall("c-2", "run-1", "writing", 10)});
  SetPrice(3);
  SetPrice(5);
  const RepricingPreview preview = Value(db().PreviewRepricing(RepricingRequest()));
  EXPECT_EQ(preview.looked_at, 2);
  ASSERT_EQ(preview.rows.size(), 2U);
  EXPECT_EQ(preview.rows[0].step, "planning");
  EXPECT_EQ(preview.rows[0].model, kModel);
  EXPECT_EQ(preview.rows[0].calls, 1);
  EXPECT_EQ(preview.rows[0].cost_before, 3'000);
  EXPECT_EQ(preview.rows[0].cost_after, 5'000);
  EXPECT_EQ(TotalCost(), 3'030);
  const RepricingJob job = RepriceAll();
  EXPECT_EQ(job.calls, 2);
  EXPECT_EQ(job.cost_before, 3'030);
  EXPECT_EQ(job.cost_after, 5'050);
  EXPECT_TRUE(job.is_done());
  EXPECT_EQ(TotalCost(), 5'050);
  EXPECT_TRUE(Value(db().PreviewRepricing(RepricingRequest())).rows.empty());
  EXPECT_EQ(RepriceAll().calls, 0);
}

TEST_F(RepricingJobs, AreForTheCallsThatTheyNameAlone) {
  std::vector<Call> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(MakeCall("c-" + std::to_string(i), "run-1", "planning", 1));
    calls.back().time_us = kNowUs - i * kMinuteUs;
  }
  calls[1].model = "gpt-5";
  calls[2].provider = "bedrock";
  Store(calls);
  ASSERT_TRUE(db().SetRates({MakeRate(kModel, 1, 1), MakeRate("gpt-5", 1, 1)}).ok());
  const std::vector<Rate> dearer = {MakeRate(kModel, 10, 1), MakeRate("gpt-5", 10, 1)};
  ASSERT_TRUE(db().SetRates(dearer, Reprice::kUnpriced).ok());
  RepricingRequest request;
  request.range = {kNowUs - 2 * kMinuteUs, kNowUs};  // Calls 1 and 2.
  request.model = "gpt-5";
  EXPECT_EQ(Value(db().PreviewRepricing(request)).looked_at, 1);
  EXPECT_EQ(Value(db().RepriceCalls(request)).calls, 1);
  EXPECT_EQ(TotalCost(), 13);
  request.model.reset();
  request.provider = "bedrock";
  EXPECT_EQ(Value(db().RepriceCalls(request)).calls, 1);
  EXPECT_EQ(TotalCost(), 22);
}

TEST_F(RepricingJobs, ThatAreUndoneLeaveEveryViewAsItWas) {
  RandomEvents events(24);
  std::vector<Rate> rates;
  for (const char* model : {kModel, "gpt-5", "claude-haiku-4-5"}) {
    rates.push_back(MakeRate(model, 3, 5));
  }
  ASSERT_TRUE(db().SetRates(rates).ok());
  StoreRandomCalls(&events, 40);
  ASSERT_TRUE(
      db().SetRates({MakeRate(kModel, 7, 11), MakeRate("gpt-5", 13, 17)}, Reprice::kUnpriced).ok());
  const RepricingPreview preview = Value(db().PreviewRepricing(RepricingRequest()));
  Picos before = 0;
  Picos after = 0;
  int64_t calls = 0;
  for (const RepricingRow& row : preview.rows) {
    before += row.cost_before;
    after += row.cost_after;
    calls += row.calls;
  }
  const std::string answers_before_job = Answers();
  const auto rows_before_job = RowsOfViews();
  const RepricingJob job = RepriceAll();
  EXPECT_GT(job.calls, 20);
  EXPECT_EQ(job.calls, calls);
  EXPECT_EQ(job.cost_before, before);
  EXPECT_EQ(job.cost_after, after);
  EXPECT_NE(Answers(), answers_before_job);
  Reopen();
  const RepricingJob undo = Value(db().UndoRepricing(job.id));
  EXPECT_EQ(undo.undoes, job.id);
  EXPECT_EQ(undo.calls, job.calls);
  EXPECT_EQ(undo.cost_after, job.cost_before);
  EXPECT_EQ(Answers(), answers_before_job);
  EXPECT_EQ(RowsOfViews(), rows_before_job);
  const RepricingJob again = Value(db().UndoRepricing(undo.id));
  EXPECT_EQ(again.cost_after, job.cost_after);
  EXPECT_TRUE(Value(db().PreviewRepricing(RepricingRequest())).rows.empty());
}

TEST_F(RepricingJobs, ThatAreUndoneLeaveCallsThatWereChangedSince) {
  Store({MakeCall("c-1", "run-1", "planning", 1), MakeCall("c-2", "run-1", "planning", 1),
         MakeCall("c-3", "run-1", "planning", 1)});
  SetPrice(1);
  SetPrice(10);
  const RepricingJob first = RepriceAll();
  Value(db().Retract({{"run-1", "c-1"}}));
  Call revised = MakeCall("c-2", "run-1", "planning", 2);
  revised.revision = 1;
  Store({revised});
  EXPECT_EQ(TotalCost(), 30);
  EXPECT_EQ(Value(db().UndoRepricing(first.id)).calls, 1);
  EXPECT_EQ(TotalCost(), 21);
}

TEST_F(RepricingJobs, AreUndoneOnceAndOnlyIfTheyAreThere) {
  Store({MakeCall("c-1", "run-1", "planning", 1)});
  SetPrice(1);
  SetPrice(10);
  const RepricingJob job = RepriceAll();
  const absl::Status unknown = db().UndoRepricing(job.id + 1'000).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("There is no repricing"));
  Value(db().UndoRepricing(job.id));
  const absl::Status again = db().UndoRepricing(job.id).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.message()), HasSubstr("was undone by"));
}

TEST_F(RepricingJobs, GoOnWhenTheStoreIsOpenedAgain) {
  std::vector<Call> calls;
  for (int i = 0; i < 20'000; ++i) {
    calls.push_back(MakeCall("c-" + std::to_string(i), "run-1", "planning", 1));
    calls.back().time_us = kNowUs - (i % 48) * kMicrosPerHour;
    if (calls.size() == 5'000) {
      Store(std::exchange(calls, {}));
    }
  }
  SetPrice(1);
  SetPrice(3);
  std::promise<RepricingJob> begun;
  std::promise<absl::Status> ended;
  db().StartRepricing(
      RepricingRequest(), [&](absl::StatusOr<RepricingJob> job) { begun.set_value(*job); },
      [&](const absl::StatusOr<RepricingJob>& job) { ended.set_value(job.status()); });
  const RepricingJob job = begun.get_future().get();
  Reopen();
  ended.get_future().get().IgnoreError();  // It ended before, or was left for the next process.
  ASSERT_TRUE(db().WaitUntilRepriced().ok());
  ASSERT_EQ(db().ListRepricings().size(), 1U);
  const RepricingJob finished = db().ListRepricings()[0];
  EXPECT_EQ(finished.id, job.id);
  EXPECT_TRUE(finished.is_done());
  EXPECT_EQ(finished.calls, 20'000);
  EXPECT_EQ(finished.cost_after, 60'000);
  EXPECT_EQ(TotalCost(), 60'000);
}

TEST_F(RepricingJobs, WaitForEachOtherAndForChangesOfRates) {
  std::vector<Call> calls;
  for (int i = 0; i < 5'000; ++i) {
    calls.push_back(MakeCall("c-" + std::to_string(i), "run-1", "planning", 1));
  }
  Store(calls);
  SetPrice(1);
  SetPrice(2);
  const auto ignore = [](const absl::StatusOr<RepricingJob>&) {};
  db().StartRepricing(RepricingRequest(), ignore, ignore);
  db().StartRepricing(RepricingRequest(), ignore, ignore);
  SetPrice(5, Reprice::kAll);
  ASSERT_TRUE(db().WaitUntilRepriced().ok());
  EXPECT_EQ(RepriceAll().calls, 0);
  EXPECT_EQ(TotalCost(), 25'000);
  for (const RepricingJob& job : db().ListRepricings()) {
    EXPECT_TRUE(job.is_done());
  }
}

TEST_F(RepricingJobs, AreInTheBillAsItWasKnownThen) {
  Store({MakeCall("c-1", "run-1", "planning", 1)});
  SetPrice(1);
  SetPrice(10);
  clock().Advance(kMinuteUs);
  const int64_t before_us = clock().NowUs();
  clock().Advance(kMinuteUs);
  const RepricingJob job = RepriceAll();
  const int64_t between_us = clock().NowUs();
  clock().Advance(kMinuteUs);
  Value(db().UndoRepricing(job.id));
  const auto cost_at = [&](int64_t at_us) {
    Window window = Always();
    window.as_known_at_us = at_us;
    return Value(db().Top({.window = window})).total.cost;
  };
  EXPECT_EQ(cost_at(before_us), 1);
  EXPECT_EQ(cost_at(between_us), 10);
  EXPECT_EQ(TotalCost(), 1);
}

}  // namespace
}  // namespace itemized::testing
