// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_store.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/memory_kv.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;

class BlockStoreTest : public testing::Test {
 protected:
  void Write(std::vector<Block>* blocks) {
    store_->Number(absl::MakeSpan(*blocks));
    KvBatch batch;
    store_->AddRows(*blocks, &batch);
    ASSERT_TRUE(kv_.Write(batch, /*sync=*/true).ok());
    store_->Advance(blocks->back().ref.sequence);
  }

  void Write(const std::vector<uint32_t>& hours) {
    std::vector<Block> blocks;
    for (const uint32_t hour : hours) {
      Block& block = blocks.emplace_back();
      block.ref.hour = Hour(hour);
      block.calls.run_names = {"r"};
      block.completions.push_back({.time_us = HourStartUs(block.ref.hour),
                                   .run = 0,
                                   .workflow = kUnnamed,
                                   .outcome = Outcome::kFailed,
                                   .unused_steps = {}});
    }
    Write(&blocks);
  }

  using Seen = std::vector<std::pair<uint32_t, BlockSequence>>;
  absl::Status Visit(uint32_t from, uint32_t to, BlockSequence up_to, Seen* seen) {
    return store_->ReadHours(Hour(from), Hour(to), up_to, kAllColumns, [&](const Block& block) {
      seen->emplace_back(block.ref.hour.value(), block.ref.sequence);
      return absl::OkStatus();
    });
  }

  MemoryKv kv_;
  std::optional<BlockStore> store_{BlockStore::Open(&kv_).value()};
};

TEST_F(BlockStoreTest, NumbersBlocksInTheirOrderAndGoesOnBehindThoseThatWereWritten) {
  Write({9, 4});
  Write({5});
  EXPECT_EQ(store_->last(), 3U);
  EXPECT_TRUE(store_->Find({.hour = Hour(9), .sequence = 1}).ok());
  EXPECT_TRUE(store_->Find({.hour = Hour(4), .sequence = 2}).ok());
  EXPECT_TRUE(store_->Find({.hour = Hour(5), .sequence = 3}).ok());
}

TEST_F(BlockStoreTest, GivesTheNumbersAgainOfBlocksThatWereNotWritten) {
  std::vector<Block> blocks(2);
  store_->Number(absl::MakeSpan(blocks));
  store_->Number(absl::MakeSpan(blocks).first(1));
  EXPECT_EQ(blocks[0].ref.sequence, 1U);
}

TEST_F(BlockStoreTest, ReadHoursKeepsToItsHoursAndSequences) {
  Write({9, 4});
  Write({5, 9});
  Seen seen;
  ASSERT_TRUE(Visit(5, 10, 3, &seen).ok());
  EXPECT_EQ(seen, (Seen{{5, 3}, {9, 1}}));
}

TEST_F(BlockStoreTest, ManyCallsAreReadBackFromTheBlocksTheyWereIn) {
  std::vector<Block> blocks;
  for (uint32_t seed = 1; seed <= 9; ++seed) {  // Enough for two threads to encode them.
    blocks.push_back(RandomBlock(seed, seed % 2 == 0 ? 900 : 50));
  }
  Write(&blocks);
  for (const Block& block : blocks) {
    const absl::StatusOr<Block> read = store_->Read(block.ref);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->calls.cost_picos, block.calls.cost_picos) << block.ref.sequence;
  }
}

TEST_F(BlockStoreTest, ABlockThatIsNotThereIsNotFoundAndIsDamageWhereItMustBe) {
  Write({1});
  const BlockRef ref = {.hour = Hour(1), .sequence = 2};
  EXPECT_EQ(store_->Find(ref).status().code(), absl::StatusCode::kNotFound);
  for (const absl::Status& status :
       {store_->Read(ref).status(), store_->ReadRows(ref, {}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr("block 2 of hour 1970-01-01T01:00:00Z is missing."));
  }
}

TEST_F(BlockStoreTest, DropsBlocksBeforeTheFirstHourAndRefusesToReadThere) {
  Write({20, 24, 23, 25});
  store_->SetFirstHour({.hour = Hour(24), .is_dropping = true});
  EXPECT_TRUE(store_->DropSome().value());
  Seen seen;
  EXPECT_TRUE(absl::IsInvalidArgument(Visit(23, 26, 4, &seen)));
  ASSERT_TRUE(Visit(24, 26, 4, &seen).ok());
  EXPECT_EQ(seen, (Seen{{24, 2}, {25, 4}}));
  EXPECT_EQ(store_->Find({.hour = Hour(20), .sequence = 1}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(BlockStoreTest, OpensWithTheFirstHourThatItsRowSays) {
  for (const EventsFirstHour first : {EventsFirstHour{.hour = Hour(48), .is_dropping = true},
                                      EventsFirstHour{.hour = Hour(72), .is_dropping = false}}) {
    KvBatch batch;
    BlockStore::AddRow(first, &batch);
    ASSERT_TRUE(kv_.Write(batch, /*sync=*/true).ok());
    const BlockStore reopened = BlockStore::Open(&kv_).value();
    EXPECT_EQ(reopened.first_hour(), first.hour);
    EXPECT_EQ(reopened.is_dropping(), first.is_dropping);
  }
}

TEST_F(BlockStoreTest, ThatIsBorrowedReadsAndWritesNothing) {
  Write({7});
  BlockStore borrowed = BlockStore::Borrow(&kv_);
  std::vector<Block> blocks(1);
  borrowed.Number(absl::MakeSpan(blocks));
  KvBatch batch;
  borrowed.AddRows(blocks, &batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(borrowed.Find({.hour = Hour(7), .sequence = 1}).ok());
}

}  // namespace
}  // namespace itemized
