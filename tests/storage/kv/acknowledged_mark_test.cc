// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/acknowledged_mark.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

#include "tests/storage/kv/store_directory.h"

namespace itemized::testing {
namespace {

class AcknowledgedMarkTest : public ::testing::Test {
 protected:
  std::string Bytes() const {
    std::ifstream file(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void SetBytes(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
  std::optional<uint64_t> Read() const { return AcknowledgedMark::Read(files_, path_); }
  std::unique_ptr<AcknowledgedMark> Open(uint64_t sequence) const {
    std::unique_ptr<AcknowledgedMark> mark;
    EXPECT_TRUE(AcknowledgedMark::Open(files_, path_, sequence, &mark).ok());
    return mark;
  }

  StoreDirectory directory_;
  const std::string path_ = directory_.PathOf("");
  const std::string file_ = directory_.PathOf("acknowledged");
  rocksdb::FileSystem* const files_ = rocksdb::FileSystem::Default().get();
};

TEST_F(AcknowledgedMarkTest, IsThereOnceItIsMade) {
  EXPECT_FALSE(AcknowledgedMark::Exists(files_, path_));
  EXPECT_EQ(Read(), std::nullopt);
  ASSERT_TRUE(AcknowledgedMark::Create(files_, path_, 5).ok());
  EXPECT_TRUE(AcknowledgedMark::Exists(files_, path_));
  EXPECT_EQ(Read(), 5U);
}

TEST_F(AcknowledgedMarkTest, RisesAndIsNotSetBackByOpening) {
  Open(5)->RaiseTo(1000);
  EXPECT_EQ(Read(), 1000U);
  Open(7);
  EXPECT_EQ(Read(), 1000U);
}

// Stores of earlier versions cannot be opened if this changes (storage/FORMAT.md, "Files").
TEST_F(AcknowledgedMarkTest, HasTheseBytes) {
  ASSERT_TRUE(AcknowledgedMark::Create(files_, path_, 0x0102).ok());
  EXPECT_EQ(absl::BytesToHexString(Bytes()),
            "0000000000000102"
            "12d70ccabe0c0330");
}

TEST_F(AcknowledgedMarkTest, EveryFlippedBitAndEveryCutIsFound) {
  ASSERT_TRUE(AcknowledgedMark::Create(files_, path_, 77).ok());
  const std::string bytes = Bytes();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    SetBytes(flipped);
    EXPECT_EQ(Read(), std::nullopt) << "bit " << bit;
    EXPECT_TRUE(AcknowledgedMark::Exists(files_, path_));
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    SetBytes(bytes.substr(0, size));
    EXPECT_EQ(Read(), std::nullopt) << size << " bytes";
  }
}

TEST_F(AcknowledgedMarkTest, ADamagedOneIsMadeAnewByOpening) {
  SetBytes("damaged");
  Open(9);
  EXPECT_EQ(Read(), 9U);
}

}  // namespace
}  // namespace itemized::testing
