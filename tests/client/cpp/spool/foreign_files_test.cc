// SPDX-License-Identifier: Apache-2.0
// A spool leaves alone what is in its directory and not its own, and works beside it.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include <sys/stat.h>

#include "client/cpp/spool/spool.h"
#include "tests/client/cpp/spool/spool_directory.h"

namespace itemized::client {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Ids = std::vector<std::string>;

constexpr char kNotes[] = "my own notes, which nobody else may read, send or remove\n";

class ForeignFilesTest : public testing::Test {
 protected:
  ForeignFilesTest() { fs::create_directories(directory_.path()); }

  absl::StatusOr<std::unique_ptr<Spool>> TryOpen() {
    notes_.clear();
    return Spool::Open({.directory = directory_.path(), .batch_records = 3, .segment_bytes = 1000},
                       &notes_);
  }

  Ids Record(int count) {
    auto spool = TryOpen();
    EXPECT_TRUE(spool.ok()) << spool.status();
    Ids ids;
    for (int i = 0; spool.ok() && i < count; ++i) {
      ids.push_back(absl::StrCat("call-", i));
      EXPECT_TRUE((*spool)->Append(RecordType::kCall, CallBytes(ids.back())).ok());
    }
    return ids;
  }

  Ids Recovered() {
    auto spool = TryOpen();
    EXPECT_TRUE(spool.ok()) << spool.status();
    Ids all;
    if (spool.ok()) {
      for (const Ids& ids : Unacknowledged(**spool)) {
        all.insert(all.end(), ids.begin(), ids.end());
      }
    }
    return all;
  }

  std::string PathOf(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string SegmentPath(int number) const {
    return PathOf(absl::StrCat(absl::Dec(number, absl::kZeroPad10), kSegmentSuffix));
  }

  // They lie before the segments of the spool, and between them and those to come.
  void ExpectThatASpoolWorksBeside(const std::function<void(const std::string& path)>& make,
                                   const std::function<bool(const std::string& path)>& is_there) {
    const std::string first = SegmentPath(1);
    make(first);
    const Ids ids = Record(40);
    EXPECT_THAT(notes_, ElementsAre(HasSubstr(first)));
    const std::string next = SegmentPath(static_cast<int>(directory_.Segments().size()) + 1);
    make(next);
    for (int opened = 0; opened < 3; ++opened) {
      EXPECT_EQ(Recovered(), ids);
      EXPECT_THAT(notes_, ElementsAre(HasSubstr(first), HasSubstr(next)));
    }
    EXPECT_TRUE(is_there(first));
    EXPECT_TRUE(is_there(next));
  }

  SpoolDirectory directory_;
  std::vector<std::string> notes_;
};

TEST_F(ForeignFilesTest, AFifoIsLeftAlone) {
  ExpectThatASpoolWorksBeside(
      [](const std::string& path) { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); },
      [](const std::string& path) { return fs::is_fifo(path); });
}

TEST_F(ForeignFilesTest, ADirectoryIsLeftAlone) {
  ExpectThatASpoolWorksBeside([](const std::string& path) { fs::create_directory(path); },
                              [](const std::string& path) { return fs::is_directory(path); });
}

TEST_F(ForeignFilesTest, ALinkToAnEndlessDeviceIsLeftAlone) {
  ExpectThatASpoolWorksBeside(
      [](const std::string& path) { fs::create_symlink("/dev/zero", path); },
      [](const std::string& path) { return fs::is_symlink(path); });
}

TEST_F(ForeignFilesTest, ALinkToASegmentOfAnotherSpoolIsLeftAloneAndNotCutThere) {
  SpoolDirectory other;
  std::vector<std::string> notes;
  const auto spool = Spool::Open({.directory = other.path()}, &notes);
  ASSERT_TRUE(spool.ok()) << spool.status();
  const std::string target = other.Segments().at(0);
  const auto size = fs::file_size(target);
  ExpectThatASpoolWorksBeside(
      [&target](const std::string& path) { fs::create_symlink(target, path); },
      [](const std::string& path) { return fs::is_symlink(path); });
  EXPECT_EQ(fs::file_size(target), size);
}

TEST_F(ForeignFilesTest, AUsersOwnFileOfTheSameNameIsLeftAlone) {
  ExpectThatASpoolWorksBeside([](const std::string& path) { WriteFile(path, kNotes); },
                              [](const std::string& path) { return ReadFile(path) == kNotes; });
}

TEST_F(ForeignFilesTest, AFileLargerThanAnySegmentIsLeftAloneWhateverItsHeader) {
  constexpr uintmax_t kBytes = uintmax_t{1} << 36;  // Sparse.
  ExpectThatASpoolWorksBeside(
      [](const std::string& path) {
        WriteFile(path, "itmspool");
        fs::resize_file(path, kBytes);
      },
      [](const std::string& path) { return fs::file_size(path) == kBytes; });
}

TEST_F(ForeignFilesTest, FilesOfASimilarNameAreLeftAloneWithoutAWord) {
  const std::vector<std::string> names = {"1.spool",
                                          "00000000001.spool",
                                          "0000000000.spool",
                                          "0000000002.spool.bak",
                                          "0000000002.spool2",
                                          "notes.spool",
                                          "18446744073709551615.spool.txt",
                                          "0000000003.ndjson"};
  for (const std::string& name : names) {
    WriteFile(PathOf(name), kNotes);
  }
  const Ids ids = Record(40);
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(Recovered(), ids);
  EXPECT_THAT(notes_, IsEmpty());
  for (const std::string& name : names) {
    EXPECT_EQ(ReadFile(PathOf(name)), kNotes) << name;
  }
}

TEST_F(ForeignFilesTest, ACopyOfASegmentUnderAnotherNumberIsLeftAlone) {
  const Ids ids = Record(40);
  const std::string segment = directory_.Segments().at(1);
  const std::string copy = SegmentPath(900);
  fs::copy_file(segment, copy);
  const std::string bytes = ReadFile(copy);
  EXPECT_EQ(Recovered(), ids);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr(copy)));
  EXPECT_EQ(ReadFile(copy), bytes);
}

TEST_F(ForeignFilesTest, WhatIsKeptOfADamagedSegmentTakesNoNameThatIsTaken) {
  Record(40);
  const std::string segment = directory_.Segments().at(1);
  const std::string secret = PathOf("secret");
  WriteFile(secret, kNotes);
  WriteFile(segment + ".damaged", kNotes);
  fs::create_symlink(secret, segment + ".copy");
  std::string bytes = ReadFile(segment);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(segment, bytes);
  EXPECT_FALSE(Recovered().empty());
  EXPECT_EQ(ReadFile(secret), kNotes);
  EXPECT_EQ(ReadFile(segment + ".damaged"), kNotes);
  EXPECT_TRUE(fs::is_symlink(segment + ".copy"));
  EXPECT_EQ(ReadFile(segment + ".damaged.2"), bytes);
  EXPECT_THAT(notes_, Contains(HasSubstr(".damaged.2")));
}

TEST_F(ForeignFilesTest, ALockThatIsALinkIsRefusedAndNothingIsMadeWhereItPoints) {
  const std::string target = PathOf("elsewhere");
  fs::create_symlink(target, PathOf("lock"));
  const auto spool = TryOpen();
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition) << spool.status();
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr(PathOf("lock")));
  EXPECT_FALSE(fs::exists(target));
}

TEST_F(ForeignFilesTest, ALockThatIsAFifoIsRefused) {
  ASSERT_EQ(mkfifo(PathOf("lock").c_str(), 0600), 0);
  const auto spool = TryOpen();
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition) << spool.status();
}

}  // namespace
}  // namespace itemized::client
