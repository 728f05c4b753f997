// SPDX-License-Identifier: Apache-2.0
// What lies on the disk: a store of the future is refused, and a view that is
// not the fold of the log is noticed.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

class StoredState : public DatabaseTest {
 protected:
  using Rows = std::vector<std::pair<std::string, std::string>>;

  // Fills the database, closes it and lets `change` write to its files.
  void CloseAndChange(const std::function<void(Kv&)>& change) {
    SetSonnetRate();
    Write({MakeCall("a", "run-1", "planning", 1'000), MakeCall("b", "run-2", "synthesis", 2'000)},
          {MakeCompletion("run-1", Outcome::kCompleted, kNowUs, {"planning"})});
    Close();
    const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory()));
    change(*kv);
  }

  static Rows RowsOf(const Kv& kv, Family family) {
    Rows rows;
    const auto it = kv.Scan(family, "", "");
    for (; it->Valid(); it->Next()) {
      rows.emplace_back(std::string(it->key()), std::string(it->value()));
    }
    EXPECT_TRUE(it->status().ok());
    return rows;
  }

  static void Put(Kv* kv, Family family, const std::string& key, const std::string& value) {
    KvBatch batch;
    batch.Put(family, key, value);
    EXPECT_TRUE(kv->Write(batch, true).ok());
  }

  // Lets one family have the rows that it had before the last entries, as if the last change to the
  // list of its tables were lost.
  void CloseAndSetBack(Family family) {
    Rows before;
    CloseAndChange([&](Kv& kv) { before = RowsOf(kv, family); });
    Reopen();
    Write({MakeCall("c", "run-1", "planning", 3'000), MakeCall("d", "run-3", "review", 4'000)},
          {MakeCompletion("run-2", Outcome::kFailed, kNowUs, {"synthesis"})});
    EXPECT_EQ(Value(db().Retract({{"run-1", "a"}})), 1);
    Close();
    const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory()));
    KvBatch batch;
    for (const auto& [key, value] : RowsOf(*kv, family)) {
      batch.Delete(family, key);
    }
    for (const auto& [key, value] : before) {
      batch.Put(family, key, value);
    }
    EXPECT_TRUE(kv->Write(batch, /*sync=*/true).ok());
  }

  // Opens the changed files. The database is closed again when this ends.
  absl::Status OpenAndVerify() {
    const auto db = Database::Open(Options());
    return db.ok() ? (*db)->VerifyViews() : db.status();
  }
};

TEST_F(StoredState, AStoreOfANewerVersionIsRefusedWithASentence) {
  CloseAndChange([](Kv& kv) { Put(&kv, Family::kMeta, "version", "900"); });
  const absl::Status status = OpenAndVerify();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(status.message(), HasSubstr("newer itemized (schema version 900;"));
}

TEST_F(StoredState, AStoreOfAnOlderVersionIsRefusedWithASentence) {
  CloseAndChange([](Kv& kv) { Put(&kv, Family::kMeta, "version", "1"); });
  const absl::Status status = OpenAndVerify();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(status.message(), HasSubstr("older itemized (schema version 1;"));
}

TEST_F(StoredState, AnUntouchedStoreVerifies) {
  CloseAndChange([](Kv&) {});
  const absl::Status status = OpenAndVerify();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(StoredState, ARowWithTheContentOfAnotherIsFound) {
  for (const Family family : {Family::kRollups, Family::kRuns, Family::kOutcomes}) {
    SCOPED_TRACE(static_cast<int>(family));
    Rows rows;
    CloseAndChange([&](Kv& kv) {
      rows = RowsOf(kv, family);
      ASSERT_GE(rows.size(), 2U);
      Put(&kv, family, rows[0].first, rows[1].second);
    });
    EXPECT_EQ(OpenAndVerify().code(), absl::StatusCode::kDataLoss);
    Put(Value(OpenRocksKv(directory())).get(), family, rows[0].first, rows[0].second);
    EXPECT_TRUE(OpenAndVerify().ok());
    Reopen();
  }
}

TEST_F(StoredState, ARowThatIsMissingIsFound) {
  CloseAndChange([](Kv& kv) {
    KvBatch batch;
    batch.Delete(Family::kRollups, RowsOf(kv, Family::kRollups)[0].first);
    EXPECT_TRUE(kv.Write(batch, true).ok());
  });
  EXPECT_EQ(OpenAndVerify().code(), absl::StatusCode::kDataLoss);
}

class FamilyThatFellBehind : public StoredState, public ::testing::WithParamInterface<Family> {};

TEST_P(FamilyThatFellBehind, IsFound) {
  CloseAndSetBack(GetParam());
  const absl::Status status = OpenAndVerify();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyThatFellBehind,
                         ::testing::Values(Family::kMeta, Family::kLog, Family::kRuns,
                                           Family::kOutcomes));

// The rollups have a watermark of their own, so they catch up.
TEST_F(StoredState, RollupsThatFellBehindAreFoldedAgain) {
  CloseAndSetBack(Family::kRollups);
  const absl::Status status = OpenAndVerify();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(StoredState, ARunThatNeverWasIsFound) {
  CloseAndChange(
      [](Kv& kv) { Put(&kv, Family::kRuns, "run-3", RowsOf(kv, Family::kRuns)[0].second); });
  EXPECT_EQ(OpenAndVerify().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace itemized::testing
