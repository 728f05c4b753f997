// SPDX-License-Identifier: Apache-2.0
// A disk without room: nothing is taken, all answers are given, and ingestion goes
// on by itself once there is room.

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "storage/kv/rocks_kv.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMiB = int64_t{1} << 20;

int64_t CallsOf(const Database& db) {
  TopQuery query;
  query.window = Window::Of({kNowUs - kMicrosPerDay, kNowUs + kMicrosPerDay});
  return Value(db.Top(query)).total.calls;
}

TEST(NearlyFullDisk, TakesNothingAndAnswersAll) {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto files = std::make_shared<FaultyFileSystem>();
  DatabaseOptions options;
  options.directory = directory.path();
  options.clock = &clock;
  options.open_kv = [&](const std::string& path) { return OpenRocksKv(path, files); };
  options.free_bytes_min = 100 * kMiB;
  const std::unique_ptr<Database> db = Value(Database::Open(options));
  Value(db->Write(MakeBatch({MakeCall("c-1", "run", "plan", 1)})));

  files->SetFreeBytes(100 * kMiB - 1);
  const auto refused = db->Write(MakeBatch({MakeCall("c-2", "run", "plan", 1)}));
  EXPECT_TRUE(absl::IsUnavailable(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("99 MiB are free"));
  EXPECT_TRUE(absl::IsUnavailable(db->SetRates({MakeRate("m", 1, 1)}).status()));
  EXPECT_TRUE(absl::IsUnavailable(db->Retract({{"run", "c-1"}}).status()));
  EXPECT_TRUE(db->Checkpoint().ok());
  EXPECT_EQ(CallsOf(*db), 1);
  EXPECT_EQ(Value(db->Write(MakeBatch({MakeCall("c-1", "run", "plan", 1)}))).duplicate, 1);

  files->SetFreeBytes(100 * kMiB);
  EXPECT_EQ(Value(db->Write(MakeBatch({MakeCall("c-2", "run", "plan", 1)}))).accepted, 1);
  EXPECT_EQ(CallsOf(*db), 2);
}

// A disk of its own. Only root can have one.
class SmallDisk {
 public:
  explicit SmallDisk(int64_t bytes) {
    const std::string options = absl::StrCat("size=", bytes);
    if (mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      error_ = strerror(errno);
    }
  }
  ~SmallDisk() {
    if (error_.empty()) {
      EXPECT_EQ(umount(directory_.path().c_str()), 0) << strerror(errno);
    }
  }
  const std::string& error() const { return error_; }  // Why there is none.
  std::string store() const { return directory_.path() + "/store"; }

  void FillUpTo(int64_t left) const {
    std::ofstream file(filler());
    const std::string mebibyte(kMiB, 'x');
    while (free_bytes() > left + kMiB && file.good()) {
      file << mebibyte << std::flush;
    }
  }
  void MakeRoom() const { std::filesystem::remove(filler()); }

 private:
  int64_t free_bytes() const {
    return static_cast<int64_t>(std::filesystem::space(directory_.path()).available);
  }
  std::string filler() const { return directory_.path() + "/filler"; }

  const TemporaryDirectory directory_;
  std::string error_;
};

// A thousand calls with ids that do not compress.
EventBatch ManyCalls(std::mt19937_64* random) {
  std::vector<Call> calls;
  for (int i = 0; i < 1'000; ++i) {
    std::string id;
    while (id.size() < 180) {
      absl::StrAppend(&id, absl::Hex((*random)()));
    }
    calls.push_back(MakeCall(id, absl::StrCat("run-", (*random)() % 100'000), "plan", 1));
  }
  return MakeBatch(calls);
}

class FullDisk : public ::testing::TestWithParam<int64_t> {};  // Bytes to be kept free.

TEST_P(FullDisk, LosesNothingAndGoesOnOnceThereIsRoom) {
  const SmallDisk disk(192 * kMiB);
  if (!disk.error().empty()) {
    GTEST_SKIP() << "no disk can be mounted: " << disk.error();
  }
  ManualClock clock;
  std::mt19937_64 random(1);
  DatabaseOptions options;
  options.directory = disk.store();
  options.clock = &clock;
  options.free_bytes_min = GetParam();
  const std::unique_ptr<Database> db = Value(Database::Open(options));
  ASSERT_EQ(Value(db->Write(ManyCalls(&random))).accepted, 1'000);
  disk.FillUpTo(GetParam() + 8 * kMiB);
  int64_t acknowledged = 1'000;
  absl::Status status;
  // More than once in a row: a checkpoint that finds no room gives back what it had.
  for (int refused = 0; refused < 20 && acknowledged < 2'000'000;) {
    status = db->Write(ManyCalls(&random)).status();
    acknowledged += status.ok() ? 1'000 : 0;
    refused = status.ok() ? 0 : refused + 1;
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(CallsOf(*db), acknowledged);

  disk.MakeRoom();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  do {
    status = db->Write(ManyCalls(&random)).status();
  } while (!status.ok() && absl::Now() < deadline);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(CallsOf(*db), acknowledged + 1'000);
  const absl::Status views = db->VerifyViews();
  EXPECT_TRUE(views.ok()) << views;
  RecordProperty("acknowledged", std::to_string(acknowledged));
}

INSTANTIATE_TEST_SUITE_P(Kept, FullDisk, ::testing::Values(0, 32 * kMiB), [](const auto& kept) {
  return kept.param == 0 ? "NothingFree" : "SomeFree";
});

}  // namespace
}  // namespace itemized::testing
