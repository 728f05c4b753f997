// SPDX-License-Identifier: Apache-2.0
// Every file operation of a workload fails in turn. Senders see clean errors, the
// books stay right, and ingestion goes on once the disk does.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/crash/workload.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

constexpr int kSteps = 24;
constexpr int kStepsBefore = 6;  // An earlier life has these, so that there is something to read.

struct Sweep {
  const char* name;
  FileOperation operation;
  bool for_ever;  // Operations fail until the disk is mended; else only one does.
  bool no_space;
};

class IoErrors : public ::testing::TestWithParam<Sweep> {
 protected:
  DatabaseOptions Options() {
    DatabaseOptions options;
    options.directory = directory_->path();
    options.clock = &clock_;
    options.resident_runs_max = 8;
    options.open_kv = [this](const std::string& path) { return OpenRocksKv(path, files_); };
    return options;
  }

  // Runs the workload with operation `nth` failing. Returns false if it has fewer.
  bool FailAt(uint64_t nth) {
    SCOPED_TRACE(nth);
    directory_ = std::make_unique<TemporaryDirectory>();
    files_ = std::make_shared<FaultyFileSystem>();
    CrashWorkload workload(nth % 7);
    workload.Run(*Value(Database::Open(Options())), kStepsBefore);

    const Sweep& sweep = GetParam();
    FileFault fault{.operation = sweep.operation, .first = nth, .no_space = sweep.no_space};
    fault.last = sweep.for_ever ? UINT64_MAX : nth;
    files_->Arm(fault);
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(Options());
    if (db.ok()) {
      workload.Run(**db, kSteps);
    } else {
      EXPECT_TRUE(absl::IsUnavailable(db.status()) || absl::IsDataLoss(db.status())) << db.status();
    }
    const bool has_hit = files_->has_hit();
    files_->Disarm();
    if (db.ok() && has_hit) {
      ExpectHealed(**db);
      workload.Check(**db);
    }
    db = absl::CancelledError("closed");
    workload.Check(*Value(Database::Open(Options())));
    return has_hit;
  }

  // A disk that works again is used again, without a restart.
  static void ExpectHealed(Database& db) {
    absl::Status status = absl::UnavailableError("not tried");
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!status.ok() && absl::Now() < deadline) {
      status = db.SetRates({MakeRate("healed", 1, 1)}).status();
    }
    EXPECT_TRUE(status.ok()) << status;
  }

  std::unique_ptr<TemporaryDirectory> directory_;
  ManualClock clock_;
  std::shared_ptr<FaultyFileSystem> files_;
};

TEST_P(IoErrors, CostNothingThatWasAcknowledged) {
  uint64_t nth = 1;
  while (FailAt(nth) && !HasFailure()) {
    ++nth;
  }
  RecordProperty("operations", static_cast<int>(nth - 1));
  EXPECT_GT(nth, 20U);
}

KvBatch RowOf(Family family, const std::string& key) {
  KvBatch batch;
  batch.Put(family, key, "1");
  return batch;
}

// RocksDB does not write to a log again that has failed once.
TEST(FailedLog, IsAnErrorOfCheckpointsAndBackupsUntilTheStoreIsOpenedAnew) {
  const TemporaryDirectory directory;
  const auto files = std::make_shared<FaultyFileSystem>();
  const std::unique_ptr<Kv> kv = Value(OpenRocksKv(directory.path(), files));
  ASSERT_TRUE(kv->Write(RowOf(Family::kRuns, "a"), /*sync=*/true).ok());
  files->Arm({.operation = FileOperation::kWrite, .no_space = true});
  EXPECT_TRUE(absl::IsUnavailable(kv->Write(RowOf(Family::kLog, "b"), /*sync=*/true)));
  EXPECT_TRUE(absl::IsUnavailable(kv->WriteTables(RowOf(Family::kRuns, "c"))));
  EXPECT_TRUE(absl::IsUnavailable(kv->CopyTo(directory.path() + "/copy")));
  // The disk is mended only now: RocksDB opens another log by itself as soon as it can.
  files->Disarm();

  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!kv->Write(RowOf(Family::kLog, "d"), /*sync=*/true).ok()) {
    ASSERT_LT(absl::Now(), deadline);
  }
  EXPECT_TRUE(kv->WriteTables(RowOf(Family::kRuns, "c")).ok());
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "a")), "1");
  EXPECT_EQ(Value(kv->Get(Family::kRuns, "c")), "1");
  EXPECT_FALSE(Value(kv->Get(Family::kLog, "b")).has_value());
}

INSTANTIATE_TEST_SUITE_P(Sweeps, IoErrors,
                         ::testing::Values(Sweep{"OneWrite", FileOperation::kWrite, false, false},
                                           Sweep{"AllWrites", FileOperation::kWrite, true, false},
                                           Sweep{"DiskFull", FileOperation::kWrite, true, true},
                                           Sweep{"OneSync", FileOperation::kSync, false, false},
                                           Sweep{"AllSyncs", FileOperation::kSync, true, false},
                                           Sweep{"OneRead", FileOperation::kRead, false, false},
                                           Sweep{"AllReads", FileOperation::kRead, true, false}),
                         [](const auto& sweep) { return sweep.param.name; });

}  // namespace
}  // namespace itemized::testing
