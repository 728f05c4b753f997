// SPDX-License-Identifier: Apache-2.0
#include "storage/log/log.h"

#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

class LogTest : public testing::Test {
 protected:
  LogTest()
      : directory_(testing::TempDir() + "/log_test_" + std::to_string(getpid()) + "_" +
                   testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(directory_);
    Reopen();
  }
  ~LogTest() override {
    kv_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Reopen() {
    kv_.reset();
    kv_ = OpenRocksKv(directory_).value();
    log_.emplace(Log::Open(kv_.get()).value());
  }

  void Append(std::vector<Hour> hours) {
    std::vector<Block> blocks;
    for (const Hour hour : hours) {
      Block& block = blocks.emplace_back();
      block.ref.hour = hour;
      block.calls.run_names = {"r"};
      block.completions.push_back({.time_us = HourStartUs(hour),
                                   .run = 0,
                                   .workflow = 0,
                                   .outcome = Outcome::kFailed,
                                   .unused_steps = {}});
    }
    ASSERT_TRUE(log_->Append(&blocks, KvBatch()).ok());
  }

  std::vector<std::pair<Hour, BlockSequence>> Replayed(BlockSequence after) {
    std::vector<std::pair<Hour, BlockSequence>> seen;
    const absl::Status status = log_->Replay(after, [&](const Block& block) {
      seen.emplace_back(block.ref.hour, block.ref.sequence);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  }

  using Seen = std::vector<std::pair<Hour, BlockSequence>>;
  std::string directory_;
  std::unique_ptr<Kv> kv_;
  std::optional<Log> log_;
};

TEST_F(LogTest, ReplayVisitsBlocksInTheOrderOfTheirCommits) {
  Append({9, 4});
  Append({5});
  EXPECT_EQ(Replayed(0), (Seen{{9, 1}, {4, 2}, {5, 3}}));
  EXPECT_EQ(Replayed(1), (Seen{{4, 2}, {5, 3}}));
}

TEST_F(LogTest, SequencesGoOnAfterReopening) {
  Append({1, 2});
  Reopen();
  EXPECT_EQ(log_->last(), 2u);
  Append({3});
  EXPECT_EQ(Replayed(0), (Seen{{1, 1}, {2, 2}, {3, 3}}));
}

TEST_F(LogTest, ReadHoursKeepsToItsHoursAndSequences) {
  Append({9, 4});
  Append({5, 9});
  Seen seen;
  ASSERT_TRUE(log_->ReadHours(5, 10, 3, kAllColumns,
                              [&](const Block& block) {
                                seen.emplace_back(block.ref.hour, block.ref.sequence);
                                return absl::OkStatus();
                              })
                  .ok());
  EXPECT_EQ(seen, (Seen{{5, 3}, {9, 1}}));
}

TEST_F(LogTest, ManyCallsAreReadBackFromTheBlocksTheyWereIn) {
  std::vector<Block> blocks;
  for (uint32_t seed = 1; seed <= 9; ++seed) {  // Enough for two threads to encode them.
    blocks.push_back(RandomBlock(seed, seed % 2 == 0 ? 900 : 50));
  }
  ASSERT_TRUE(log_->Append(&blocks, KvBatch()).ok());
  for (const Block& block : blocks) {
    const absl::StatusOr<Block> read = log_->Read(block.ref);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->calls.cost_picos, block.calls.cost_picos) << block.ref.sequence;
  }
}

TEST_F(LogTest, WhatWasTrimmedIsStillInTheLogByHour) {
  Append({1});
  Append({2});
  KvBatch batch;
  ASSERT_TRUE(log_->Trim(1, &batch).ok());
  ASSERT_TRUE(kv_->Write(batch, true).ok());
  EXPECT_EQ(Replayed(1), (Seen{{2, 2}}));
  EXPECT_TRUE(log_->Read({.hour = 1, .sequence = 1}).ok());
}

TEST_F(LogTest, ABlockMissingFromTheMiddleIsFoundOnReplay) {
  Append({1});
  Append({2});
  Append({3});
  KvBatch batch;
  batch.Delete(Family::kLog, std::string("\0\0\0\2\0\0\0\0\0\0\0\2", 12));
  ASSERT_TRUE(kv_->Write(batch, true).ok());
  const absl::Status status = log_->Replay(0, [](const Block&) { return absl::OkStatus(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

TEST_F(LogTest, ACommitMissingAtTheEndIsFoundOnReplay) {
  Append({1});
  Append({2});
  KvBatch batch;
  batch.Delete(Family::kMeta, std::string("g\0\0\0\0\0\0\0\2", 9));
  ASSERT_TRUE(kv_->Write(batch, true).ok());
  const absl::Status status = log_->Replay(0, [](const Block&) { return absl::OkStatus(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

}  // namespace
}  // namespace itemized
