// SPDX-License-Identifier: Apache-2.0
// The power goes at any moment: what was acknowledged is there, once.

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/crash/workload.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class PowerLoss : public ::testing::TestWithParam<int> {};

constexpr int kSeedsPerTest = 40;
constexpr int kLives = 3;  // How often a directory is used again.

void LoseAndComeBack(uint64_t seed) {
  SCOPED_TRACE(seed);
  const TemporaryDirectory directory;
  ManualClock clock;
  std::mt19937_64 random(seed);
  CrashWorkload workload(seed);
  for (int life = 0; life <= kLives; ++life) {
    const auto files = std::make_shared<FaultyFileSystem>();
    DatabaseOptions options;
    options.directory = directory.path();
    options.clock = &clock;
    options.resident_runs_max = 20;
    options.open_kv = [&](const std::string& path) { return OpenRocksKv(path, files); };
    if (life < kLives) {  // Also while the store is being opened.
      files->CutPowerAt(1 + random() % (random() % 4 == 0 ? 40 : 400));
    }
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(options);
    if (db.ok() && !files->is_dead()) {
      workload.Run(**db, 30);
    }
    if (life == kLives) {
      ASSERT_TRUE(db.ok()) << db.status();
      workload.Check(**db);
    }
    db = absl::CancelledError("closed");
    files->LoseUnsynced(random());
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST_P(PowerLoss, LosesNothingThatWasAcknowledgedAndDoublesNothing) {
  for (int i = 0; i < kSeedsPerTest && !HasFailure(); ++i) {
    LoseAndComeBack(static_cast<uint64_t>(GetParam() * kSeedsPerTest + i));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerLoss, ::testing::Range(0, 8));

}  // namespace
}  // namespace itemized::testing
