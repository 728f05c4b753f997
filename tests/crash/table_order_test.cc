// SPDX-License-Identifier: Apache-2.0
// RocksDB 7.8 refuses to open a store in which a table of level 0 encloses the next older
// one by its sequence numbers: as one made of the memory of two small checkpoints would,
// if large ones between them have been merged.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

// Together enough to be merged, the small ones alone (storage/kv/rocks_store.cc).
constexpr int kSmallTables = 15;
constexpr size_t kLargeBytes = size_t{1} << 20;

// Does not compress.
std::string Noise(size_t bytes) {
  std::mt19937_64 random(1);
  std::string noise(bytes, '\0');
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
  return noise;
}

KvBatch RowsOf(const std::string& first_key, const std::string& last_key,
               const std::string& value) {
  KvBatch batch;
  batch.Put(Family::kRuns, first_key, value);
  batch.Put(Family::kRuns, last_key, value);
  return batch;
}

bool HasMerged(const std::string& directory) {
  std::ifstream log(directory + "/LOG");  // RocksDB's own account.
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  return absl::StrContains(text, "compaction_finished");
}

// Whether tables are merged before long.
bool AwaitMerge(const std::string& directory) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!HasMerged(directory) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return HasMerged(directory);
}

TEST(TableOrder, HoldsForSmallCheckpointsAroundMergedLargeOnes) {
  const TemporaryDirectory directory;
  std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory.path()));
  ASSERT_TRUE(kv->WriteTables(RowsOf("m", "n", Noise(kLargeBytes))).ok());
  ASSERT_TRUE(kv->Write(RowsOf("a", "b", "before"), /*sync=*/true).ok());
  for (int i = 0; i < kSmallTables; ++i) {
    // They overlap one another, and nothing in memory that RocksDB would flush for them.
    const std::string number = std::to_string(i);
    ASSERT_TRUE(kv->WriteTables(RowsOf("m" + number, "n" + number, number)).ok());
  }
  ASSERT_TRUE(AwaitMerge(directory.path()));
  ASSERT_TRUE(kv->Write(RowsOf("y", "z", "after"), /*sync=*/true).ok());
  kv.reset();

  kv = Value(OpenRocksKv(directory.path()));
  EXPECT_TRUE(kv->VerifyChecksums().ok()) << kv->VerifyChecksums();
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "a")), "before");
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "m6")), "6");
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "z")), "after");
}

}  // namespace
}  // namespace itemized::testing
