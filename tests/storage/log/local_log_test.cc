// SPDX-License-Identifier: Apache-2.0
#include "storage/log/local_log.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/memory_kv.h"
#include "tests/storage/block/block_for_test.h"
#include "tests/storage/log/entries_for_test.h"

namespace itemized {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LocalLogTest : public testing::Test {
 protected:
  void Reopen() { log_ = LocalLog::Open(&kv_, &blocks_, log_->last()).value(); }

  // Appends an entry with blocks of these hours and the rows of their bytes.
  void Append(const std::vector<uint32_t>& hours) {
    Entry entry;
    entry.index = log_->last() + 1;
    for (const uint32_t number : hours) {
      const Hour hour(number);
      entry.blocks.push_back(RandomBlock(/*seed=*/number, 3));
      Block& block = entry.blocks.back();
      for (int64_t& time_us : block.calls.time_us) {
        time_us += HourStartUs(hour) - HourStartUs(block.ref.hour);
      }
      block.completions.clear();
      block.ref.hour = hour;
    }
    blocks_.Number(absl::MakeSpan(entry.blocks));
    KvBatch rows;
    blocks_.AddRows(entry.blocks, &rows);
    ASSERT_EQ(log_->Append(entry, std::move(rows)).outcome, AppendResult::Outcome::kAppended);
    if (!hours.empty()) {
      blocks_.Advance(entry.blocks.back().ref.sequence);
    }
  }

  void Delete(Family family, const std::string& key) {
    KvBatch batch;
    batch.Delete(family, key);
    ASSERT_TRUE(kv_.Write(batch, /*sync=*/true).ok());
  }

  // The entries after `after`, as "index: block/hour ...".
  absl::Status Read(EntryIndex after, Hour first_hour, std::vector<std::string>* seen) {
    const auto take = [&](const Entry& entry) {
      std::string text = std::to_string(entry.index) + ":";
      for (const Block& block : entry.blocks) {
        EXPECT_EQ(block.calls.size(), 3U);
        text +=
            " " + std::to_string(block.ref.sequence) + "/" + std::to_string(block.ref.hour.value());
      }
      seen->push_back(text);
      return absl::OkStatus();
    };
    const auto refuse = [](BlockRef, const absl::Status& damage) { return damage; };
    return log_->Read(after, log_->last(), first_hour, take, refuse);
  }
  std::vector<std::string> Read(EntryIndex after, Hour first_hour = Hour()) {
    std::vector<std::string> seen;
    const absl::Status status = Read(after, first_hour, &seen);
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  }

  MemoryKv kv_;
  BlockStore blocks_{BlockStore::Open(&kv_).value()};
  std::unique_ptr<LocalLog> log_{LocalLog::Open(&kv_, &blocks_, 0).value()};
};

TEST_F(LocalLogTest, HandsOverEntriesWithTheirBlocksInTheirOrder) {
  Append({9, 4});
  Append({});
  Append({5});
  EXPECT_THAT(Read(0), ElementsAre("1: 1/9 2/4", "2:", "3: 3/5"));
  EXPECT_THAT(Read(1), ElementsAre("2:", "3: 3/5"));
  EXPECT_THAT(Read(3), IsEmpty());
}

TEST_F(LocalLogTest, GoesOnAfterReopening) {
  Append({1, 2});
  Reopen();
  EXPECT_EQ(log_->first(), 1U);
  EXPECT_EQ(log_->last(), 1U);
  Append({3});
  EXPECT_THAT(Read(0), ElementsAre("1: 1/1 2/2", "2: 3/3"));
}

TEST_F(LocalLogTest, AnEntryMissingFromTheMiddleOrTheEndIsFound) {
  Append({1});
  Append({2});
  Append({3});
  for (const EntryIndex gone : {3U, 2U}) {
    Delete(Family::kMeta, keys::Entry(gone));
    std::vector<std::string> seen;
    const absl::Status status = Read(0, Hour(0), &seen);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("entry " + std::to_string(gone) + " of the log"));
  }
}

TEST_F(LocalLogTest, ABlockThatIsMissingIsFoundUnlessItWasDropped) {
  Append({24, 25});
  Append({26});
  Delete(Family::kLog, keys::Block(Hour(24), 1));
  std::vector<std::string> seen;
  EXPECT_EQ(Read(0, Hour(24), &seen).code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Read(0, Hour(25)), ElementsAre("1: 2/25", "2: 3/26"));
}

TEST_F(LocalLogTest, SomebodyMayGoOnWithoutADamagedBlock) {
  Append({24, 25});
  Delete(Family::kLog, keys::Block(Hour(25), 2));
  std::vector<BlockSequence> damaged;
  size_t taken = 0;
  const absl::Status status = log_->Read(
      0, 1, Hour(0),
      [&](const Entry& entry) {
        taken += entry.blocks.size();
        return absl::OkStatus();
      },
      [&](BlockRef ref, const absl::Status&) {
        damaged.push_back(ref.sequence);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(taken, 1U);
  EXPECT_THAT(damaged, ElementsAre(2U));
}

TEST_F(LocalLogTest, TrimsOnlyEntriesAtTheFrontOfWhichNothingIsLeft) {
  Append({24});
  Append({});
  Append({25, 50});
  Append({24});
  ASSERT_TRUE(log_->Trim(4, Hour(0)).ok());
  EXPECT_EQ(log_->first(), 1U);  // All of it is kept.
  ASSERT_TRUE(log_->Trim(1, Hour(48)).ok());
  EXPECT_EQ(log_->first(), 2U);  // The next one is still to be folded.
  ASSERT_TRUE(log_->Trim(4, Hour(48)).ok());
  EXPECT_EQ(log_->first(), 3U);  // That has a block which is kept.
  Reopen();
  EXPECT_EQ(log_->first(), 3U);
  EXPECT_THAT(Read(2), ElementsAre("3: 2/25 3/50", "4: 4/24"));
}

TEST_F(LocalLogTest, AWriteThatFailsLeavesNothingBehind) {
  class Refusing : public MemoryKv {
   public:
    absl::Status Write(const KvBatch&, bool) override { return absl::UnavailableError("No."); }
  } refusing;
  const auto log = LocalLog::Open(&refusing, &blocks_, 0).value();
  Entry entry;
  entry.index = 1;
  const AppendResult result = log->Append(entry, KvBatch());
  EXPECT_EQ(result.outcome, AppendResult::Outcome::kNotAppended);
  EXPECT_EQ(result.status.message(), "No.");
  EXPECT_EQ(log->last(), 0U);
}

}  // namespace
}  // namespace itemized
