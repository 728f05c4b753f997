// SPDX-License-Identifier: Apache-2.0
// The rows of a catalog: their bytes (storage/FORMAT.md, "Families"), and what is made of
// damaged ones.

#include <string>

#include "absl/strings/escaping.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/catalog/catalog.h"
#include "storage/kv/memory_kv.h"
#include "tests/storage/catalog/series_key_for_test.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;

CatalogAdditions SomeAdditions() {
  CatalogAdditions additions;
  additions.id_key = HashKey{1, 2};
  additions.names = {{NameKind::kStep, NameId(2), "planning"},
                     {NameKind::kStep, NameId(3), "answer"},
                     {NameKind::kModel, NameId(2), "sonnet"}};
  additions.series = {KeyOf(2, 0, 0, 2), KeyOf(3, 1, 0, 2)};
  return additions;
}

class CatalogRows : public testing::Test {
 protected:
  void SetUp() override {
    KvBatch batch;
    Catalog::AddRows(SomeAdditions(), &batch);
    Write(batch);
  }

  void Write(const KvBatch& batch) { ASSERT_TRUE(kv_.Write(batch, /*sync=*/true).ok()); }
  void Put(const std::string& key, const std::string& value) {
    KvBatch batch;
    batch.Put(Family::kMeta, key, value);
    Write(batch);
  }
  void Delete(const std::string& key) {
    KvBatch batch;
    batch.Delete(Family::kMeta, key);
    Write(batch);
  }
  std::string HexAt(const std::string& key) {
    return absl::BytesToHexString(kv_.Get(Family::kMeta, key).value().value_or("absent"));
  }

  // Expects the rows to be refused with a sentence that holds `part`.
  void ExpectDamaged(const std::string& part) {
    Catalog catalog;
    const absl::Status status = catalog.Load(kv_);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr(part));
  }

  MemoryKv kv_;
};

TEST_F(CatalogRows, AreReadBackAsTheyWereWritten) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Load(kv_).ok());
  EXPECT_EQ(catalog.All(), SomeAdditions());
  EXPECT_EQ(catalog.id_key(), (HashKey{1, 2}));
  EXPECT_EQ(catalog.Unsaved().names.size(), 0U);
  EXPECT_EQ(catalog.Unsaved().series.size(), 0U);
  EXPECT_EQ(catalog.Find(NameKind::kStep, "answer"), NameId(3));
  EXPECT_EQ(catalog.Resolve(KeyOf(3, 1, 0, 2)), SeriesId(1));
  EXPECT_EQ(catalog.Intern(NameKind::kStep, "next"), NameId(4));
}

TEST_F(CatalogRows, OfLaterEntriesGoOnWhereTheFirstOnesEnd) {
  CatalogAdditions later;
  later.names = {{NameKind::kModel, NameId(3), "opus"}};
  later.first_series = SeriesId(2);
  later.series = {KeyOf(2, 0, 0, 3)};
  KvBatch batch;
  Catalog::AddRows(later, &batch);
  Write(batch);
  Catalog catalog;
  ASSERT_TRUE(catalog.Load(kv_).ok());
  EXPECT_EQ(catalog.Find(NameKind::kModel, "opus"), NameId(3));
  EXPECT_EQ(catalog.Resolve(KeyOf(2, 0, 0, 3)), SeriesId(2));
}

TEST_F(CatalogRows, HaveTheseBytes) {
  EXPECT_EQ(HexAt(keys::kIdKey),
            "0000000000000001"
            "0000000000000002");
  EXPECT_EQ(HexAt(keys::Name(0, 2)), "706c616e6e696e67");
  EXPECT_EQ(HexAt(keys::Series(0)), "02000002");
  EXPECT_EQ(HexAt(keys::Series(1)), "03010002");
}

TEST_F(CatalogRows, ThatAreMissingAreFound) {
  Delete(keys::Name(0, 2));
  ExpectDamaged("name");
  Put(keys::Name(0, 2), "planning");
  Delete(keys::Series(0));
  ExpectDamaged("series");
}

TEST_F(CatalogRows, OfAKindThatThereIsNotAreFound) {
  Put(keys::Name(kNameKindCount, 2), "kind 4");
  ExpectDamaged("name");
}

TEST_F(CatalogRows, WithKeysOfAnotherLengthAreFound) {
  Put(keys::Name(0, 4) + "x", "long");
  ExpectDamaged("name");
  Delete(keys::Name(0, 4) + "x");
  Put(keys::kNames, "short");
  ExpectDamaged("name");
  Delete(keys::kNames);
  Put(std::string(keys::kSeries) + "x", "short");
  ExpectDamaged("series");
}

TEST_F(CatalogRows, OfSeriesThatAreCutOffLongOrTwiceThereAreFound) {
  for (const std::string& value : {std::string("\x02\0\0", 3), std::string("\x03\x01\0\x02\0", 5),
                                   std::string("\x02\0\0\x02", 4)}) {
    Put(keys::Series(1), value);
    ExpectDamaged("series");
  }
}

TEST_F(CatalogRows, OfSeriesWhoseNamesAreNotThereAreFound) {
  Put(keys::Series(1), std::string("\x04\0\0\x02", 4));
  ExpectDamaged("series");
}

TEST_F(CatalogRows, WithoutTheKeyOfTheEventIdsCannotBeUsed) {
  Put(keys::kIdKey, std::string(15, 'k'));
  ExpectDamaged("key of its event ids");
  Put(keys::kIdKey, std::string(17, 'k'));
  ExpectDamaged("key of its event ids");
  Delete(keys::kIdKey);
  ExpectDamaged("key of its event ids");
}

}  // namespace
}  // namespace itemized
