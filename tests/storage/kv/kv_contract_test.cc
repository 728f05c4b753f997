// SPDX-License-Identifier: Apache-2.0
// What kv.h promises, asked of every store there is.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/memory_kv.h"
#include "storage/kv/rocks_kv.h"
#include "tests/storage/kv/rows.h"
#include "tests/storage/kv/store_directory.h"

namespace itemized::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Backend {
  std::string name;
  std::function<std::unique_ptr<Kv>(const StoreDirectory&)> make;
};

class KvContract : public ::testing::TestWithParam<Backend> {
 protected:
  Kv& kv() { return *kv_; }

  void Write(const KvBatch& batch) {
    const absl::Status status = kv_->Write(batch, /*sync=*/true);
    ASSERT_TRUE(status.ok()) << status;
  }
  void WriteTables(const KvBatch& batch) {
    const absl::Status status = kv_->WriteTables(batch);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::optional<std::string> Get(Family family, const std::string& key) {
    absl::StatusOr<std::optional<std::string>> value = kv_->Get(family, key);
    EXPECT_TRUE(value.ok()) << value.status();
    return std::move(value).value();
  }

 private:
  StoreDirectory directory_;
  std::unique_ptr<Kv> kv_ = GetParam().make(directory_);
};

TEST_P(KvContract, GetTellsAnEmptyValueFromAnAbsentKey) {
  Write(Puts(Family::kMeta, {{"full", "value"}, {"empty", ""}}));
  EXPECT_EQ(Get(Family::kMeta, "full"), "value");
  EXPECT_EQ(Get(Family::kMeta, "empty"), "");
  EXPECT_EQ(Get(Family::kMeta, "ful"), std::nullopt);
  EXPECT_EQ(Get(Family::kMeta, "full "), std::nullopt);
}

TEST_P(KvContract, FamiliesKnowNothingOfEachOther) {
  Write(Puts(Family::kRollups, {{"key", "rollup"}}));
  Write(Puts(Family::kOutcomes, {{"key", "outcome"}}));
  EXPECT_EQ(Get(Family::kRollups, "key"), "rollup");
  EXPECT_EQ(Get(Family::kOutcomes, "key"), "outcome");
  EXPECT_EQ(Get(Family::kRuns, "key"), std::nullopt);
  EXPECT_THAT(RowsOf(kv(), Family::kRuns), IsEmpty());
}

TEST_P(KvContract, ScansFromTheStartUntilBeforeTheEnd) {
  Write(Puts(Family::kRuns, {{"c", "3"}, {"a", "1"}, {"b", "2"}, {"d", "4"}}));
  EXPECT_THAT(RowsOf(kv(), Family::kRuns, "b", "d"), ElementsAre(Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kRuns, "aa", "cc")), ElementsAre("b", "c"));
  EXPECT_THAT(RowsOf(kv(), Family::kRuns, "b", "b"), IsEmpty());
  EXPECT_THAT(RowsOf(kv(), Family::kRuns, "e", "z"), IsEmpty());
}

TEST_P(KvContract, AnEmptyEndMeansToTheLastKey) {
  const std::string last = "\xff\xff\xff";
  Write(Puts(Family::kRuns, {{"a", "1"}, {last, "2"}}));
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kRuns)), ElementsAre("a", last));
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kRuns, "b")), ElementsAre(last));
}

// Filters know these prefixes, in memory and in tables.
TEST_P(KvContract, NotesThatBeginAlikeAreFoundWhereverTheyAre) {
  const std::string a(keys::kNotePrefixBytes, 'a');
  const std::string b(keys::kNotePrefixBytes, 'b');
  const std::string last(keys::kNotePrefixBytes, '\xff');
  const std::string none = std::string(keys::kNotePrefixBytes - 1, 'a') + "b";
  Write(Puts(Family::kNotes, {{a + "1", ""}, {b + "1", ""}, {last + "1", ""}}));
  WriteTables(Puts(Family::kNotes, {{a + "2", ""}, {b + "2", ""}, {last + "2", ""}}));
  Write(Puts(Family::kNotes, {{a + "3", ""}, {last + "\xff\xff", ""}}));
  const auto of = [&](const std::string& prefix) {
    return KeysOf(RowsOf(kv(), Family::kNotes, prefix, keys::Past(prefix)));
  };
  EXPECT_THAT(of(a), ElementsAre(a + "1", a + "2", a + "3"));
  EXPECT_THAT(of(b), ElementsAre(b + "1", b + "2"));
  EXPECT_THAT(of(last), ElementsAre(last + "1", last + "2", last + "\xff\xff"));
  EXPECT_THAT(of(none), IsEmpty());
  EXPECT_THAT(of("a"), ElementsAre(a + "1", a + "2", a + "3"));
  EXPECT_THAT(of(a + "2"), ElementsAre(a + "2"));
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kNotes, a, b + "2")),
              ElementsAre(a + "1", a + "2", a + "3", b + "1"));
}

TEST_P(KvContract, KeysAreOrderedAsUnsignedBytes) {
  const std::string zero("\0", 1);
  const std::string below("a\0b", 3);
  Write(
      Puts(Family::kRuns, {{"\x80", ""}, {"a", ""}, {"", ""}, {below, ""}, {zero, ""}, {"b", ""}}));
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kRuns)), ElementsAre("", zero, "a", below, "b", "\x80"));
}

TEST_P(KvContract, AnIteratorSeesTheStoreAsItWasWhenMade) {
  Write(Puts(Family::kRuns, {{"a", "old"}, {"b", "old"}, {"c", "old"}}));
  const std::unique_ptr<KvIterator> before = kv().Scan(Family::kRuns, "", "");
  KvBatch batch = Puts(Family::kRuns, {{"aa", "new"}, {"b", "new"}});
  batch.Delete(Family::kRuns, "c");
  Write(batch);
  WriteTables(Puts(Family::kRuns, {{"a", "newer"}}));
  EXPECT_THAT(RowsOf(before.get()),
              ElementsAre(Pair("a", "old"), Pair("b", "old"), Pair("c", "old")));
  EXPECT_THAT(RowsOf(kv(), Family::kRuns),
              ElementsAre(Pair("a", "newer"), Pair("aa", "new"), Pair("b", "new")));
}

TEST_P(KvContract, DeletesWhatIsThereAndToleratesWhatIsNot) {
  Write(Puts(Family::kMeta, {{"a", "1"}, {"b", "2"}}));
  KvBatch batch;
  batch.Delete(Family::kMeta, "a");
  batch.Delete(Family::kMeta, "never there");
  Write(batch);
  EXPECT_EQ(Get(Family::kMeta, "a"), std::nullopt);
  EXPECT_THAT(KeysOf(RowsOf(kv(), Family::kMeta)), ElementsAre("b"));
}

KvBatch SeveralOnTheSameKeys() {
  KvBatch batch;
  batch.Put(Family::kRuns, "put last", "first");
  batch.Delete(Family::kRuns, "put last");
  batch.Put(Family::kRuns, "deleted last", "first");
  batch.Put(Family::kRuns, "put last", "last");
  batch.Delete(Family::kRuns, "deleted last");
  return batch;
}

TEST_P(KvContract, TheLastOperationOnAKeyCounts) {
  Write(SeveralOnTheSameKeys());
  EXPECT_THAT(RowsOf(kv(), Family::kRuns), ElementsAre(Pair("put last", "last")));
}

TEST_P(KvContract, TheLastOperationOnAKeyCountsInTablesToo) {
  WriteTables(SeveralOnTheSameKeys());
  EXPECT_THAT(RowsOf(kv(), Family::kRuns), ElementsAre(Pair("put last", "last")));
}

TEST_P(KvContract, AppendedBatchesCountAfterWhatIsThere) {
  KvBatch batch = Puts(Family::kRuns, {{"key", "first"}, {"other", "kept"}});
  batch.Append(Puts(Family::kRuns, {{"key", "appended"}}));
  Write(batch);
  EXPECT_THAT(RowsOf(kv(), Family::kRuns),
              ElementsAre(Pair("key", "appended"), Pair("other", "kept")));
}

TEST_P(KvContract, TablesAndWritesReplaceEachOtherInTheirOrder) {
  Write(Puts(Family::kRollups, {{"a", "written"}, {"b", "written"}}));
  KvBatch tables = Puts(Family::kRollups, {{"a", "table"}, {"c", "table"}});
  tables.Delete(Family::kRollups, "b");
  tables.Put(Family::kOutcomes, "d", "table");
  WriteTables(tables);
  EXPECT_THAT(RowsOf(kv(), Family::kRollups), ElementsAre(Pair("a", "table"), Pair("c", "table")));
  EXPECT_EQ(Get(Family::kOutcomes, "d"), "table");
  Write(Puts(Family::kRollups, {{"a", "written again"}}));
  EXPECT_EQ(Get(Family::kRollups, "a"), "written again");
}

TEST_P(KvContract, EmptyBatchesAndTablesOfThemAreFine) {
  Write(KvBatch());
  WriteTables(KvBatch());
  EXPECT_TRUE(kv().Write(KvBatch(), /*sync=*/false).ok());
  EXPECT_THAT(RowsOf(kv(), Family::kMeta), IsEmpty());
}

// One thread keeps two rows equal, another reads them: a batch is seen whole or not at all.
TEST_P(KvContract, ABatchIsSeenWhole) {
  constexpr int kBatches = 300;
  Write(Puts(Family::kMeta, {{"a", "0"}, {"z", "0"}}));
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    for (int i = 1; i <= kBatches; ++i) {
      const std::string value = std::to_string(i);
      EXPECT_TRUE(kv().Write(Puts(Family::kMeta, {{"a", value}, {"z", value}}), false).ok());
    }
    is_done = true;
  });
  bool is_last = false;
  while (!is_last) {
    is_last = is_done;
    const Rows rows = RowsOf(kv(), Family::kMeta);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].second, rows[1].second);
  }
  writer.join();
  EXPECT_EQ(Get(Family::kMeta, "z"), std::to_string(kBatches));
}

TEST_P(KvContract, DroppingFilesTakesNothingOutsideOfTheRange) {
  WriteTables(Puts(Family::kLog, {{"b", ""}, {"c", ""}, {"d", ""}}));
  ASSERT_TRUE(kv().DropFiles(Family::kLog, "c", "d").ok());
  const Rows rows = RowsOf(kv(), Family::kLog);
  EXPECT_THAT(KeysOf(rows), ::testing::IsSupersetOf({"b", "d"}));
}

TEST_P(KvContract, ChecksumsOfAStoreInOrderAreFineAndTheDiskHasRoom) {
  WriteTables(Puts(Family::kLog, {{"a", "value"}}));
  EXPECT_TRUE(kv().VerifyChecksums().ok());
  EXPECT_GT(kv().FreeBytes().value(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    , KvContract,
    ::testing::Values(Backend{"Rocks",
                              [](const StoreDirectory& directory) {
                                return OpenRocksKv(directory.PathOf("store")).value();
                              }},
                      Backend{"Memory",
                              [](const StoreDirectory&) -> std::unique_ptr<Kv> {
                                return std::make_unique<MemoryKv>();
                              }}),
    [](const ::testing::TestParamInfo<Backend>& backend) { return backend.param.name; });

TEST(MemoryKv, CannotBeCopied) {
  EXPECT_EQ(MemoryKv().CopyTo("anywhere").code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace itemized::testing
