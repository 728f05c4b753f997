// SPDX-License-Identifier: Apache-2.0
// One bit of one file turns over. Either somebody says so, or nothing is lost: no
// answer is ever wrong.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/crash/workload.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kFlipsPerTest = 150;

// The kinds of file that hold what cannot be made again.
std::string KindOf(const std::string& name) {
  if (absl::EndsWith(name, ".sst")) {
    return "table";
  }
  if (absl::EndsWith(name, ".log")) {
    return "log";
  }
  if (absl::StartsWith(name, "MANIFEST")) {
    return "manifest";
  }
  return absl::StartsWith(name, "LOG") || name == "LOCK" ? "" : "other";
}

class BitFlips : public ::testing::TestWithParam<int> {
 protected:
  // A store that has tables of all families and a log, as a kill leaves it.
  void SetUp() override {
    TemporaryDirectory live;
    CrashWorkload workload(static_cast<uint64_t>(GetParam()));
    for (int life = 0; life < 3; ++life) {
      workload.Run(*Value(Database::Open(Options(live.path()))), 12);
    }
    const std::unique_ptr<Database> db = Value(Database::Open(Options(live.path())));
    workload.Run(*db, 12);
    fs::copy(live.path(), killed_.path());
    expected_ = Value(AnswersOf(*db));
    for (const auto& entry : fs::directory_iterator(killed_.path())) {
      const std::string name = entry.path().filename().string();
      if (const std::string kind = KindOf(name); !kind.empty() && entry.file_size() > 0) {
        files_[kind].push_back(name);
      }
    }
    for (auto& [kind, names] : files_) {
      std::sort(names.begin(), names.end());
    }
  }

  static DatabaseOptions Options(const std::string& directory) {
    DatabaseOptions options;
    options.directory = directory;
    options.clock = Clock::System();
    options.open_kv = [](const std::string& path) {
      return OpenRocksKv(path, std::make_shared<FaultyFileSystem>());  // Needs no real fsync.
    };
    return options;
  }

  // All that can be asked, as one text.
  static absl::StatusOr<std::string> AnswersOf(Database& db) {
    TopQuery query;
    query.window = Window::Of({0, kNowUs + kMicrosPerDay});
    absl::StatusOr<TopAnswer> top = db.Top(query);
    absl::StatusOr<WorkflowsAnswer> workflows = db.Workflows(query.window);
    if (!top.ok() || !workflows.ok()) {
      return top.ok() ? workflows.status() : top.status();
    }
    std::string answers = absl::StrCat(Describe(*top), Describe(*workflows));
    for (size_t run = 0; run < 200; ++run) {
      const absl::StatusOr<RunAnswer> answer = db.GetRun(absl::StrCat("run-", run));
      if (!answer.ok() && !absl::IsNotFound(answer.status())) {
        return answer.status();
      }
      absl::StrAppend(&answers, answer.ok() ? Describe(*answer) : "absent\n");
    }
    return answers;
  }

  static void FlipBit(const std::string& path, uint64_t bit) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(static_cast<char>(byte ^ (1 << (bit % 8))));
  }

  // How the damage shows; empty if it does no harm.
  absl::Status OpenDamaged(const std::string& directory) {
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(Options(directory));
    if (!db.ok()) {
      return db.status();
    }
    absl::StatusOr<std::string> answers = AnswersOf(**db);
    if (!answers.ok()) {
      return answers.status();
    }
    EXPECT_EQ(*answers, expected_) << "and verifying says " << (*db)->VerifyViews();
    return (*db)->VerifyViews();
  }

  TemporaryDirectory killed_;
  std::string expected_;
  std::map<std::string, std::vector<std::string>> files_;  // Paths of each kind.
};

TEST_P(BitFlips, AreDetectedOrHarmless) {
  ASSERT_EQ(files_.size(), 4U);
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  std::map<std::string, int> detected;
  for (int flip = 0; flip < kFlipsPerTest && !HasFailure(); ++flip) {
    const auto kind = std::next(files_.begin(), flip % 4);
    const std::string& name = kind->second[random() % kind->second.size()];
    TemporaryDirectory damaged;
    fs::copy(killed_.path(), damaged.path());
    const uint64_t bit = random() % (8 * fs::file_size(damaged.path() + "/" + name));
    SCOPED_TRACE(absl::StrCat("bit ", bit, " of ", name));
    FlipBit(damaged.path() + "/" + name, bit);
    const absl::Status shown = OpenDamaged(damaged.path());
    EXPECT_TRUE(shown.ok() || !shown.message().empty());
    detected[kind->first] += shown.ok() ? 0 : 1;
  }
  for (const auto& [kind, count] : detected) {
    RecordProperty(kind, count);
  }
  // A log has checksums everywhere, and is read whole.
  EXPECT_GT(detected["log"], kFlipsPerTest / 4 * 8 / 10);
}

INSTANTIATE_TEST_SUITE_P(Stores, BitFlips, ::testing::Range(1, 5));

}  // namespace
}  // namespace itemized::testing
