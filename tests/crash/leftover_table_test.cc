// SPDX-License-Identifier: Apache-2.0
// RocksDB gives a table that it takes in a second name, and removes the first one. A
// process killed between the two leaves both.

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

namespace fs = std::filesystem;

TEST(LeftoverTable, IsNotWrittenOver) {
  const TemporaryDirectory directory;
  std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory.path()));
  KvBatch first;
  first.Put(Family::kRuns, "a", "1");
  ASSERT_TRUE(kv->WriteTables(first).ok());
  kv.reset();
  const std::string leftover = directory.path() + "/workflows.table";
  for (const auto& file : fs::directory_iterator(directory.path())) {
    if (file.path().extension() == ".sst") {
      fs::create_hard_link(file.path(), leftover);
    }
  }
  ASSERT_TRUE(fs::exists(leftover));

  kv = Value(OpenRocksKv(directory.path()));
  KvBatch second;
  second.Put(Family::kRuns, "b", "2");
  ASSERT_TRUE(kv->WriteTables(second).ok());
  kv.reset();

  kv = Value(OpenRocksKv(directory.path()));
  EXPECT_TRUE(kv->VerifyChecksums().ok()) << kv->VerifyChecksums();
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "a")), "1");
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "b")), "2");
}

}  // namespace
}  // namespace itemized::testing
