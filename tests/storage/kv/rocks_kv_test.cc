// SPDX-License-Identifier: Apache-2.0
// What a store on disk promises beyond kv.h. Faults of the disk are in tests/crash.

#include "storage/kv/rocks_kv.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/kv/rows.h"
#include "tests/storage/kv/store_directory.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

namespace fs = std::filesystem;

class RocksKvTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Kv>> Open(bool accept_missing_mark = false) {
    return OpenRocksKv(path_, nullptr, accept_missing_mark);
  }

  StoreDirectory directory_;
  const std::string path_ = directory_.PathOf("store");
};

TEST_F(RocksKvTest, KeepsAllThatWasWrittenWhenItIsOpenedAgain) {
  {
    const std::unique_ptr<Kv> kv = Open().value();
    ASSERT_TRUE(kv->Write(Puts(Family::kMeta, {{"synced", "1"}}), /*sync=*/true).ok());
    ASSERT_TRUE(kv->WriteTables(Puts(Family::kRuns, {{"table", "2"}})).ok());
    ASSERT_TRUE(kv->Write(Puts(Family::kRuns, {{"not synced", "3"}}), /*sync=*/false).ok());
  }
  const std::unique_ptr<Kv> kv = Open().value();
  EXPECT_THAT(RowsOf(*kv, Family::kMeta), ElementsAre(Pair("synced", "1")));
  EXPECT_THAT(RowsOf(*kv, Family::kRuns), ElementsAre(Pair("not synced", "3"), Pair("table", "2")));
}

TEST_F(RocksKvTest, IsOpenedByOneAtATime) {
  const std::unique_ptr<Kv> kv = Open().value();
  const absl::Status second = Open().status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.message(), HasSubstr(path_));
}

TEST_F(RocksKvTest, WithoutItsMarkIsOpenedOnlyByWhoSaysSo) {
  ASSERT_TRUE(Open().value()->Write(Puts(Family::kMeta, {{"a", "1"}}), /*sync=*/true).ok());
  fs::remove(path_ + "/acknowledged");
  const absl::Status refused = Open().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("--accept-missing-acknowledged"));
  EXPECT_THAT(RowsOf(*Open(/*accept_missing_mark=*/true).value(), Family::kMeta),
              ElementsAre(Pair("a", "1")));
  EXPECT_TRUE(Open().ok()) << "the mark was made anew";
}

TEST_F(RocksKvTest, DropsFilesThatLieWhollyInTheRangeAndNoOther) {
  const std::unique_ptr<Kv> kv = Open().value();
  ASSERT_TRUE(kv->WriteTables(Puts(Family::kLog, {{"a", ""}, {"b", ""}})).ok());
  ASSERT_TRUE(kv->WriteTables(Puts(Family::kLog, {{"c", ""}, {"d", ""}})).ok());
  const std::unique_ptr<KvIterator> before = kv->Scan(Family::kLog, "", "");
  ASSERT_TRUE(kv->DropFiles(Family::kLog, "a", "d").ok());
  EXPECT_THAT(KeysOf(RowsOf(*kv, Family::kLog)), ElementsAre("c", "d"));
  EXPECT_THAT(KeysOf(RowsOf(before.get())), ElementsAre("a", "b", "c", "d"));
}

TEST_F(RocksKvTest, ACopyHasWhatWasThereAndNothingThatComesAfter) {
  const std::string copy = directory_.PathOf("copy");
  const std::unique_ptr<Kv> kv = Open().value();
  ASSERT_TRUE(kv->Write(Puts(Family::kMeta, {{"before", ""}}), /*sync=*/false).ok());
  ASSERT_TRUE(kv->CopyTo(copy).ok());
  ASSERT_TRUE(kv->Write(Puts(Family::kMeta, {{"after", ""}}), /*sync=*/true).ok());
  const std::unique_ptr<Kv> copied = OpenRocksKv(copy).value();
  EXPECT_THAT(KeysOf(RowsOf(*copied, Family::kMeta)), ElementsAre("before"));
  EXPECT_THAT(KeysOf(RowsOf(*kv, Family::kMeta)), ElementsAre("after", "before"));
}

TEST_F(RocksKvTest, IsNotCopiedOverWhatIsThere) {
  const std::string copy = directory_.PathOf("copy");
  fs::create_directory(copy);
  EXPECT_FALSE(Open().value()->CopyTo(copy).ok());
}

TEST_F(RocksKvTest, NamesTheDirectoryThatCannotBeMade) {
  const std::string file = directory_.PathOf("file");
  std::ofstream(file) << "no directory";
  const absl::Status status = OpenRocksKv(file + "/store").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(file + "/store"));
}

TEST_F(RocksKvTest, BeginsANewInfoLogOnceTheOldOneIsLong) {
  constexpr uintmax_t kLongBytes = uintmax_t{16} << 20;
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_FALSE(fs::exists(path_ + "/LOG.old"));
  fs::resize_file(path_ + "/LOG", kLongBytes);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(fs::file_size(path_ + "/LOG.old"), kLongBytes);
  EXPECT_LT(fs::file_size(path_ + "/LOG"), kLongBytes);
}

}  // namespace
}  // namespace itemized::testing
