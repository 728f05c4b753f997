// SPDX-License-Identifier: Apache-2.0
// Runs that are read before the commit that changes them.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "storage/base/mutex.h"
#include "storage/base/parallel_for.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/memory_kv.h"
#include "storage/runs/runs.h"
#include "storage/runs/staged_runs.h"

namespace itemized {
namespace {

class ReadAheadTest : public ::testing::Test {
 protected:
  ReadAheadTest() { catalog_.Intern(SeriesKey()); }

  void AddCall(const std::string& id) { EXPECT_TRUE(Fold(id).ok()); }

  // Folds a call of run "run-1".
  absl::Status Fold(const std::string& id) {
    Block block;
    block.ref.sequence = ++sequence_;
    block.calls.run_names = {"run-1"};
    block.calls.weight = {1};
    block.calls.time_us = {7};
    block.calls.series = {0};
    block.calls.run = {0};
    block.calls.event_ids = {id};
    block.calls.duration_us = {0};
    block.calls.status = {CallStatus::kOk};
    block.calls.cost_picos = {300};
    block.calls.flags = {0};
    StagedRuns staged(&runs_, &mutex_);
    EXPECT_TRUE(staged.Add(block).ok());
    return runs_.Fold({&block, 1}, staged.blocks());
  }

  // Writes the rows of all runs, which leave memory.
  void Store() {
    KvBatch batch;
    runs_.Checkpoint(&team_, &batch);
    ASSERT_TRUE(kv_->Write(batch, /*sync=*/true).ok());
    runs_.Evict();  // What was used lately stays once.
    runs_.Evict();
  }

  RunsAhead ReadAhead() {
    CallRows calls;
    calls.run_names = {"run-1", "run-2"};
    const CallRows* const blocks[] = {&calls};
    absl::StatusOr<RunsAhead> ahead = runs_.ReadAhead(blocks, runs_.evictions(), &mutex_);
    EXPECT_TRUE(ahead.ok()) << ahead.status();
    return *std::move(ahead);
  }

  int64_t CallsOf(RunsAhead* ahead) {
    StagedRuns staged(&runs_, &mutex_, ahead);
    return staged.Find("run-1").value()->run.calls();
  }

  const std::unique_ptr<Kv> kv_ = std::make_unique<MemoryKv>();
  Catalog catalog_;
  SharedMutex mutex_;
  ThreadTeam team_{"test"};
  Runs runs_{kv_.get(), /*blocks=*/nullptr, catalog_, /*resident_max=*/0};
  BlockSequence sequence_ = 0;
};

TEST_F(ReadAheadTest, ARunIsTakenAsItWasRead) {
  AddCall("a");
  Store();
  RunsAhead ahead = ReadAhead();
  ASSERT_EQ(ahead.runs.size(), 1);
  EXPECT_EQ(CallsOf(&ahead), 1);
  EXPECT_TRUE(ahead.runs.empty());
}

TEST_F(ReadAheadTest, ARunInMemoryIsNotRead) {
  AddCall("a");
  Store();
  AddCall("b");
  EXPECT_TRUE(ReadAhead().runs.empty());
}

TEST_F(ReadAheadTest, ARunThatHasChangedInMemorySinceIsTakenFromThere) {
  AddCall("a");
  Store();
  RunsAhead ahead = ReadAhead();
  AddCall("b");
  EXPECT_EQ(CallsOf(&ahead), 2);
}

TEST_F(ReadAheadTest, ARunThatHasChangedAndLeftMemorySinceIsReadAgain) {
  AddCall("a");
  Store();
  RunsAhead ahead = ReadAhead();
  AddCall("b");
  Store();
  EXPECT_EQ(CallsOf(&ahead), 2);
}

TEST_F(ReadAheadTest, ARunThatIsForgottenSinceIsNew) {
  AddCall("a");
  Store();
  RunsAhead ahead = ReadAhead();
  KvBatch batch;
  batch.Delete(Family::kRuns, "run-1");
  ASSERT_TRUE(kv_->Write(batch, /*sync=*/true).ok());
  runs_.Forget("run-1");
  EXPECT_EQ(CallsOf(&ahead), 0);
}

TEST_F(ReadAheadTest, ARowThatIsDamagedIsAnError) {
  AddCall("a");
  Store();
  KvBatch batch;
  batch.Put(Family::kRuns, "run-1", "damaged");
  ASSERT_TRUE(kv_->Write(batch, /*sync=*/true).ok());
  CallRows calls;
  calls.run_names = {"run-1"};
  const CallRows* const blocks[] = {&calls};
  EXPECT_EQ(runs_.ReadAhead(blocks, runs_.evictions(), &mutex_).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(ReadAheadTest, ACallThatIsThereAlreadyIsDataLossWithTheNameOfItsRun) {
  AddCall("a");
  const absl::Status status = Fold("a");
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_NE(status.message().find("\"run-1\""), std::string::npos) << status;
}

}  // namespace
}  // namespace itemized
