// SPDX-License-Identifier: Apache-2.0
#include "storage/block/packed_column.h"

#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

#include "storage/block/column_codec.h"

namespace itemized {
namespace {

uint64_t Largest(int bits) {
  return (uint64_t{1} << bits) - 1;
}

std::vector<uint64_t> RandomValues(int bits, size_t count) {
  std::mt19937_64 random(static_cast<uint64_t>(bits) * 1'000 + count);
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) {
    value = random() & Largest(bits);
  }
  return values;
}

std::string Packed(const std::vector<uint64_t>& values, int bits) {
  std::string bytes;
  AppendPacked(values, bits, &bytes);
  return bytes;
}

TEST(PackedColumn, ValuesOfEachNumberOfBitsComeBackOneByOneAndTogether) {
  for (int bits = 1; bits <= kPackedBitsMax; ++bits) {
    for (const size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 64u, 1'000u}) {
      std::vector<uint64_t> values = RandomValues(bits, count);
      if (count > 0) {
        values.back() = Largest(bits);
      }
      const std::string bytes = Packed(values, bits);
      EXPECT_EQ(bytes.size(), PackedSize(count, bits));
      const auto packed = PackedValues::Open(bytes, count);
      ASSERT_TRUE(packed.has_value()) << bits << " bits, " << count << " values";
      std::vector<uint64_t> together(count);
      ASSERT_TRUE(packed->Read(count, together.data()));
      EXPECT_EQ(together, values);
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ((*packed)[i], values[i]) << bits << " bits, value " << i;
      }
    }
  }
}

TEST(PackedColumn, SomeRowsAreReadWithoutTheOthers) {
  const std::vector<uint64_t> values = RandomValues(37, 100);
  const std::string bytes = Packed(values, 37);
  const std::vector<uint32_t> rows = {0, 3, 98, 99};
  const PackedRows some(*PackedValues::Open(bytes, values.size()), rows);
  std::vector<int64_t> read(rows.size());
  ASSERT_EQ(some.size(), rows.size());
  ASSERT_TRUE(some.Read(rows.size(), read.data()));
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(static_cast<uint64_t>(read[i]), values[rows[i]]);
  }
}

TEST(PackedColumn, BytesOfAnotherLengthOrNumberOfBitsAreRefused) {
  const std::string bytes = Packed(RandomValues(13, 10), 13);
  ASSERT_TRUE(PackedValues::Open(bytes, 10).has_value());
  EXPECT_FALSE(PackedValues::Open(bytes, 11).has_value());
  EXPECT_FALSE(PackedValues::Open(bytes, 9).has_value());
  EXPECT_FALSE(PackedValues::Open(bytes + '\0', 10).has_value());
  EXPECT_FALSE(PackedValues::Open("", 0).has_value());
  for (const int bits : {0, kPackedBitsMax + 1, 255}) {
    const std::string none(1, static_cast<char>(bits));
    EXPECT_FALSE(PackedValues::Open(none, 0).has_value()) << bits;
  }
}

TEST(PackedColumn, ValuesThatMayNotFitTheTypeAreRefused) {
  const std::vector<uint64_t> values = {1, 2, 3};
  std::vector<uint8_t> bytes(3);
  std::vector<uint32_t> words(3);
  EXPECT_TRUE(PackedValues::Open(Packed(values, 8), 3)->Read(3, bytes.data()));
  EXPECT_FALSE(PackedValues::Open(Packed(values, 9), 3)->Read(3, bytes.data()));
  EXPECT_TRUE(PackedValues::Open(Packed(values, 32), 3)->Read(3, words.data()));
  EXPECT_FALSE(PackedValues::Open(Packed(values, 33), 3)->Read(3, words.data()));
}

StoredColumn ColumnOf(const std::vector<uint64_t>& values, std::string* bytes) {
  AppendNumbers(ColumnId::kCost, values, bytes);
  absl::string_view in = *bytes;
  return *ReadColumn(&in);
}

TEST(PackedColumn, NumbersOfLikeSizeArePackedAndOthersStayVarints) {
  std::string bytes;
  EXPECT_TRUE(ColumnOf(RandomValues(37, 1'000), &bytes).is_packed());
  std::string spread;
  std::vector<uint64_t> values = RandomValues(6, 1'000);
  values.back() = Largest(50);
  EXPECT_FALSE(ColumnOf(values, &spread).is_packed());
  std::string wide;
  EXPECT_FALSE(ColumnOf(std::vector<uint64_t>(100, ~uint64_t{0}), &wide).is_packed());
  std::string few;
  EXPECT_FALSE(ColumnOf(RandomValues(37, 31), &few).is_packed());
  std::string none;
  AppendNumbers(ColumnId::kCost, {}, &none);
  EXPECT_TRUE(none.empty());
}

// The bits of 1, 2 ... 32, six to each, the lowest first.
TEST(PackedColumn, ThePersistedBytesAreGolden) {
  std::vector<uint64_t> values(32);
  std::iota(values.begin(), values.end(), 1);
  std::string bytes;
  EXPECT_TRUE(ColumnOf(values, &bytes).is_packed());
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "0c0419190681301085712089b2308df34091345195756199b6719df781");
}

// What is packed is never read as varints.
TEST(PackedColumn, APackedColumnHasNoRawBytes) {
  std::string bytes;
  const StoredColumn column = ColumnOf(RandomValues(37, 100), &bytes);
  std::string buffer;
  EXPECT_EQ(RawBytes(column, 100, &buffer).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace itemized
