// SPDX-License-Identifier: Apache-2.0
// What an earlier process, a power cut or a failing disk has left behind.

#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "xxhash.h"

#include "client/cpp/spool/spool.h"
#include "tests/client/cpp/spool/spool_directory.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Ids = std::vector<std::string>;

class RecoveryTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    notes_.clear();
    auto spool = Spool::Open(
        {.directory = directory_.path(), .batch_records = 3, .segment_bytes = 1000}, &notes_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }

  // Calls "call-0" and on, in batches of three, over some segments.
  Ids Record(int count) {
    const auto spool = Open();
    Ids ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(absl::StrCat("call-", i));
      EXPECT_TRUE(spool->Append(RecordType::kCall, CallBytes(ids.back())).ok());
    }
    return ids;
  }

  static Ids AllIds(const Spool& spool) {
    Ids all;
    for (const Ids& ids : Unacknowledged(spool)) {
      all.insert(all.end(), ids.begin(), ids.end());
    }
    return all;
  }

  // Puts the files of a spool in place of those there.
  void Restore(const std::vector<std::pair<std::string, std::string>>& files) {
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directories(directory_.path());
    for (const auto& [path, bytes] : files) {
      WriteFile(path, bytes);
    }
  }

  std::vector<std::pair<std::string, std::string>> Save() const {
    std::vector<std::pair<std::string, std::string>> files;
    for (const std::string& path : directory_.Segments()) {
      files.emplace_back(path, ReadFile(path));
    }
    return files;
  }

  SpoolDirectory directory_;
  std::vector<std::string> notes_;
};

TEST_F(RecoveryTest, ATailTornAtAnyByteCostsOnlyTheRecordInIt) {
  const Ids ids = Record(7);
  auto files = Save();
  ASSERT_THAT(files, SizeIs(1));
  const std::string whole = files[0].second;
  size_t fewest = ids.size();
  for (size_t size = whole.size(); size-- > 200;) {
    files[0].second = whole.substr(0, size);
    Restore(files);
    const auto spool = Open();
    const Ids read = AllIds(*spool);
    ASSERT_LE(read.size(), ids.size());
    EXPECT_EQ(read, Ids(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(read.size()))) << size;
    EXPECT_LE(read.size(), fewest);
    EXPECT_GE(read.size() + 1, fewest) << "more than one record at a time";
    EXPECT_EQ(spool->producer().epoch, 1u);
    fewest = read.size();
  }
  EXPECT_LT(fewest, 3u);
}

TEST_F(RecoveryTest, ATornTailIsTold) {
  Record(7);
  auto files = Save();
  std::string& bytes = files[0].second;
  bytes.resize(bytes.find_last_not_of('\0') - 20);
  Restore(files);
  Open();
  ASSERT_THAT(notes_, SizeIs(1));
  EXPECT_THAT(notes_[0], HasSubstr("middle of a record"));
  Open();
  EXPECT_THAT(notes_, IsEmpty()) << "it was cut off";
}

// Nothing that was recorded is ever missing without a word, and what is read was
// recorded, whichever bit of a file flips.
TEST_F(RecoveryTest, AFlippedBitIsToldOrHarmless) {
  const Ids ids = Record(40);
  Open();  // Seals the segments.
  const auto files = Save();
  ASSERT_GT(files.size(), 2u);
  std::minstd_rand random(7);
  int told = 0;
  for (int flip = 0; flip < 2000; ++flip) {
    auto damaged = files;
    std::string& bytes = damaged[random() % damaged.size()].second;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    Restore(damaged);
    const auto spool = Open();
    const Ids read = AllIds(*spool);
    if (notes_.empty()) {
      EXPECT_EQ(read, ids) << flip;
    } else {
      ++told;
      EXPECT_LT(read.size(), ids.size() + 1);
      const std::set<std::string> known(ids.begin(), ids.end());
      for (const std::string& id : read) {
        EXPECT_TRUE(known.contains(id)) << id;
      }
    }
  }
  EXPECT_GT(told, 1000);
}

TEST_F(RecoveryTest, DamageInTheMiddleRaisesTheEpochAndKeepsTheRest) {
  Record(40);
  auto files = Save();
  ASSERT_GT(files.size(), 2u);
  std::string& bytes = files[1].second;
  bytes[bytes.size() / 2] ^= 1;
  Restore(files);
  Ids first_read;
  {
    const auto spool = Open();
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("is damaged"), HasSubstr("has lost")));
    EXPECT_EQ(spool->producer().epoch, 2u);
    EXPECT_EQ(spool->SequenceOf(spool->newest()), 14u) << "empty batches stand for those lost";
    first_read = AllIds(*spool);
    EXPECT_EQ(first_read.front(), "call-0");
    EXPECT_EQ(first_read.back(), "call-39");
  }
  EXPECT_EQ(ReadFile(files[1].first + ".damaged"), bytes) << "kept for whoever wants to look";
  const auto again = Open();
  EXPECT_EQ(AllIds(*again), first_read);
  EXPECT_EQ(again->SequenceOf(again->newest()), 14u);
}

TEST_F(RecoveryTest, AnUnreadableHeaderCostsItsSegment) {
  Record(40);
  for (const size_t which : {size_t{0}, size_t{1}, Save().size() - 1}) {
    auto files = Save();
    files[which].second[12] ^= 1;
    Restore(files);
    const auto spool = Open();
    EXPECT_FALSE(notes_.empty()) << which;
    const Ids read = AllIds(*spool);
    EXPECT_LT(read.size(), 40u);
    EXPECT_FALSE(read.empty());
  }
}

TEST_F(RecoveryTest, AnotherVersionIsRefusedWithASentence) {
  Record(1);
  auto files = Save();
  std::string& bytes = files.back().second;
  // FORMAT.md: magic (8), size (4), checksum (4), type (1), version.
  const auto size = static_cast<unsigned char>(bytes[8]);
  ASSERT_EQ(bytes[17], 1);
  bytes[17] = 2;
  const auto checksum = static_cast<uint32_t>(XXH3_64bits_withSeed(&bytes[16], size, size));
  std::memcpy(&bytes[12], &checksum, sizeof(checksum));
  Restore(files);
  const auto spool = Spool::Open({.directory = directory_.path()}, &notes_);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition) << spool.status();
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr("another version"));
}

TEST_F(RecoveryTest, AcknowledgedSegmentsThatWereRemovedAreNotMissed) {
  {
    const auto spool = Open();
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(spool->Append(RecordType::kCall, CallBytes(absl::StrCat("call-", i))).ok());
    }
    spool->Cut();
    while (spool->acknowledged() < 13) {
      spool->Acknowledge();
    }
    const Spool::TimePoint now = std::chrono::steady_clock::now();
    spool->Trim(now);
    spool->Trim(now + std::chrono::hours(1));
  }
  const auto spool = Open();
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(spool->producer().epoch, 1u);
  EXPECT_EQ(AllIds(*spool), Ids{"call-39"});
}

}  // namespace
}  // namespace itemized::client
