// SPDX-License-Identifier: Apache-2.0
// One bit of one file turns over. Either somebody says so, or nothing is lost: no
// answer is ever wrong.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/crash/stored_answers.h"
#include "tests/crash/workload.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::ContainsRegex;

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
      workload.Run(*Value(Database::Open(ThrowawayOptions(live.path()))), 12);
    }
    const std::unique_ptr<Database> db = Value(Database::Open(ThrowawayOptions(live.path())));
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

  static void FlipBit(const std::string& path, uint64_t bit) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(static_cast<char>(byte ^ (1 << (bit % 8))));
  }

  // Returns how the damage shows; empty if it does no harm. A store is opened by another process,
  // since Debian builds RocksDB with assertions, some of which come before its checksums.
  std::string OpenDamaged(const std::string& directory) {
    const TemporaryDirectory out;
    const std::string found_path = out.path() + "/found";
    const std::string words_path = out.path() + "/words";
    const int exit = std::system(
        absl::StrCat(DAMAGED_READER, " ", directory, " ", found_path, " 2> ", words_path).c_str());
    if (exit != 0) {
      const std::string words = ContentsOf(words_path);
      EXPECT_THAT(words, ContainsRegex("rocksdb::.*: Assertion ")) << exit;
      return words;
    }
    const std::string found = ContentsOf(found_path);
    const size_t line_end = found.find('\n');
    EXPECT_NE(line_end, std::string::npos) << "nothing was found out";
    const std::string shown = found.substr(0, line_end);
    const std::string answers = found.substr(line_end + 1);
    if (shown.empty() || !answers.empty()) {
      EXPECT_EQ(answers, expected_) << "and verifying says " << shown;
    }
    return shown;
  }

  static std::string ContentsOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
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
    detected[kind->first] += OpenDamaged(damaged.path()).empty() ? 0 : 1;
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
