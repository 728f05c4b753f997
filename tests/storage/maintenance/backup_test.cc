// SPDX-License-Identifier: Apache-2.0
// Copies that can be trusted, and reports of what differs.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "storage/maintenance/verify.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Backups : public DatabaseTest {
 protected:
  std::string Place(const std::string& name) const { return place_.path() + "/" + name; }

  void StoreSome(int runs) {
    for (int i = 0; i < runs; ++i) {
      const std::string run = "run-" + std::to_string(next_run_++);
      Store({MakeCall("c", run, "planning", 1'000), MakeCall("d", run, "answer", 10)},
            {MakeCompletion(run, Outcome::kCompleted, kNowUs)});
    }
  }

 private:
  TemporaryDirectory place_;
  int next_run_ = 0;
};

TEST_F(Backups, ACopyHoldsWhatTheStoreHeld) {
  SetSonnetRate();
  StoreSome(20);
  const std::string expected = Describe(Top());
  const BackupReport report = Value(db().Backup(Place("monday")));
  EXPECT_EQ(report.calls, 40);
  EXPECT_EQ(report.cost, TotalCost());
  EXPECT_GT(report.bytes, 0);
  StoreSome(20);  // Is not in it.

  DatabaseOptions options = Options();
  options.directory = Place("monday");
  const auto copy = Value(Database::Open(options));
  TopQuery query;
  query.window = Always();
  EXPECT_EQ(Describe(Value(copy->Top(query))), expected);
  EXPECT_TRUE(copy->VerifyViews().ok());
  EXPECT_EQ(Value(copy->Write(MakeBatch({MakeCall("c", "run-0", "planning", 1'000)}))).duplicate,
            1);
}

TEST_F(Backups, AreMadeWhileWritingGoesOn) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!done) {
      StoreSome(1);
    }
  });
  for (int i = 0; i < 3; ++i) {
    const BackupReport report = Value(db().Backup(Place(std::to_string(i))));
    EXPECT_EQ(report.calls % 2, 0) << "a batch is torn";
    EXPECT_TRUE(Value(db().Verify()).examples.empty());
  }
  done = true;
  writer.join();
}

TEST_F(Backups, ADirectoryThatCannotBeUsedIsRefusedWithASentence) {
  fs::create_directory(Place("there"));
  EXPECT_THAT(db().Backup(Place("there")).status().message(), HasSubstr("exists already"));
  EXPECT_THAT(db().Backup("monday").status().message(), HasSubstr("absolute"));
  EXPECT_THAT(db().Backup(Place("no/such")).status().message(), HasSubstr("is no directory"));
  fs::create_directory(Place("again.partial"));
  EXPECT_THAT(db().Backup(Place("again")).status().message(), HasSubstr("interrupted"));
}

class Verifying : public Backups {
 protected:
  // Damages the closed store, and verifies it.
  template <typename Change>
  VerifyReport ReportAfter(Change change) {
    Close();
    change(*Value(OpenRocksKv(directory())));
    VerifyReport report = Value(Value(Database::Open(Options()))->Verify());
    fs::remove_all(directory());  // TearDown verifies too.
    Reopen();
    return report;
  }
};

TEST_F(Verifying, SaysWhatWasRead) {
  StoreSome(3);
  const VerifyReport report = Value(db().Verify());
  EXPECT_EQ(report.blocks, 3);
  EXPECT_EQ(report.calls, 6);
  EXPECT_EQ(report.completions, 3);
  EXPECT_GE(report.rows, 3 + 2);
  EXPECT_EQ(report.differences, 0);
}

TEST_F(Verifying, NamesEveryDifference) {
  StoreSome(30);
  const VerifyReport report = ReportAfter([](Kv& kv) {
    KvBatch batch;
    for (int i = 0; i < 25; ++i) {
      batch.Delete(Family::kRuns, "run-" + std::to_string(i));
    }
    EXPECT_TRUE(kv.Write(batch, true).ok());
  });
  EXPECT_EQ(report.differences, 25);
  ASSERT_EQ(report.examples.size(), 20U);
  EXPECT_THAT(report.examples[0], HasSubstr("of workflows, which the log folds to, is missing"));
}

TEST_F(Verifying, NamesDamagedBlocksAndReadsTheOthers) {
  Call old = MakeCall("old", "run", "planning", 1);
  old.time_us -= 50 * kMicrosPerHour;  // Opening reads the newest blocks.
  Store({old});
  StoreSome(2);
  const VerifyReport report = ReportAfter([](Kv& kv) {
    const auto block = kv.Scan(Family::kLog, "", "");
    KvBatch batch;
    std::string damaged(block->value());
    damaged[damaged.size() / 2] ^= 1;
    batch.Put(Family::kLog, std::string(block->key()), damaged);
    EXPECT_TRUE(kv.Write(batch, true).ok());
  });
  EXPECT_EQ(report.blocks, 3);
  EXPECT_EQ(report.differences, 1);
  EXPECT_THAT(report.examples[0], HasSubstr("Block 1 of hour 2026-10-29T22:00:00Z: "));
}

}  // namespace
}  // namespace itemized::testing
