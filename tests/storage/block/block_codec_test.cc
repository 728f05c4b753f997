// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_codec.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"
#include "storage/block/stored_block.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

// No column says the same as one of zeros.
template <typename Column>
Column WithoutZeros(const Column& column) {
  const bool has_any = std::any_of(column.begin(), column.end(),
                                   [](const auto& value) { return value != decltype(value){}; });
  return has_any ? column : Column{};
}

void ExpectSame(const Block& a, const Block& b) {
  EXPECT_EQ(a.calls.run_names, b.calls.run_names);
  EXPECT_EQ(a.calls.strings, b.calls.strings);
  EXPECT_EQ(a.calls.attribute_sets, b.calls.attribute_sets);
  EXPECT_EQ(a.calls.weight, b.calls.weight);
  EXPECT_EQ(a.calls.time_us, b.calls.time_us);
  EXPECT_EQ(a.calls.series, b.calls.series);
  EXPECT_EQ(a.calls.run, b.calls.run);
  EXPECT_EQ(a.calls.event_ids, b.calls.event_ids);
  EXPECT_EQ(a.calls.duration_us, b.calls.duration_us);
  EXPECT_EQ(a.calls.status, b.calls.status);
  EXPECT_EQ(a.calls.cost_picos, b.calls.cost_picos);
  EXPECT_EQ(a.calls.flags, b.calls.flags);
  EXPECT_EQ(a.calls.p50_picos, WithoutZeros(b.calls.p50_picos));
  EXPECT_EQ(a.calls.sample_count, WithoutZeros(b.calls.sample_count));
  EXPECT_EQ(a.calls.attribute_set, WithoutZeros(b.calls.attribute_set));
  EXPECT_EQ(a.calls.reported_cost, WithoutZeros(b.calls.reported_cost));
  for (size_t row = 0; row < a.calls.size(); ++row) {
    EXPECT_EQ(a.calls.UsageAt(row), b.calls.UsageAt(row)) << row;
  }
  EXPECT_EQ(a.completions, b.completions);
}

TEST(BlockCodec, DecodingGivesBackEveryColumn) {
  for (const size_t rows : {size_t{1}, size_t{2}, size_t{100}, size_t{5'000}}) {
    const Block block = RandomBlock(static_cast<uint32_t>(rows), rows);
    const absl::StatusOr<Block> decoded = DecodeBlock(block.ref, EncodeBlock(block));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ExpectSame(*decoded, block);
  }
}

TEST(BlockCodec, ABlockOfCompletionsOnlyHasNoRows) {
  Block block = RandomBlock(1, 0);
  const StringColumn names = std::exchange(block.calls, CallRows()).run_names;
  block.calls.run_names = names;
  const absl::StatusOr<Block> decoded = DecodeBlock(block.ref, EncodeBlock(block));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->calls.size(), 0u);
  EXPECT_EQ(decoded->calls.run_names, names);
  EXPECT_EQ(decoded->completions, block.completions);
}

TEST(BlockCodec, ACompletionOfARunWithoutANameIsDamage) {
  Block block = RandomBlock(1, 10);
  block.completions.front().run = static_cast<uint32_t>(block.calls.run_names.size());
  EXPECT_EQ(DecodeBlock(block.ref, EncodeBlock(block)).status().code(),
            absl::StatusCode::kDataLoss);
}

// The reader would have to choose which of the two counts.
TEST(BlockCodec, AColumnThatStandsInABlockTwiceIsDamage) {
  const Block block = RandomBlock(2, 10);
  std::string bytes = EncodeBlock(block);
  bytes.resize(bytes.size() - sizeof(uint64_t));  // Cuts off the checksum.
  AppendColumn(ColumnId::kRunNames, "\x01x", &bytes);
  AppendBigEndian64(&bytes, XXH3_64bits(bytes.data(), bytes.size()));
  const absl::Status status = DecodeBlock(block.ref, bytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("twice"), std::string::npos) << status;
}

// A sparse column of a few bytes would become one of as many values as the header says.
TEST(BlockCodec, MoreRowsThanTimesAreDamage) {
  const Block block = RandomBlock(1, 10);
  std::string bytes = EncodeBlock(block);
  bytes.resize(bytes.size() - 8);
  ASSERT_EQ(bytes[1], 10);
  bytes = bytes.substr(0, 1) + "\xFF\xFF\xFF\x7F" + bytes.substr(2);
  AppendBigEndian64(&bytes, XXH3_64bits(bytes.data(), bytes.size()));
  const absl::Status status = DecodeBlock(block.ref, bytes, 0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("fewer times than rows"), std::string::npos) << status;
}

// No bytes are stored for such ids, and UBSan once found a copy from a null pointer.
TEST(BlockCodec, EmptyEventIdsComeBack) {
  const Block block = BlockWithoutIds(1, 10);
  const absl::StatusOr<Block> read = DecodeBlock(block.ref, EncodeBlock(block));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->calls.event_ids, block.calls.event_ids);
  const absl::StatusOr<Block> rows = DecodeRowsOfRuns(block.ref, EncodeBlock(block), {"run-1"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_FALSE(rows->calls.event_ids.empty());
  EXPECT_EQ(rows->calls.event_ids.front(), "");
}

TEST(BlockCodec, AMaskDecodesNoMoreThanItNames) {
  const Block block = RandomBlock(3, 50);
  const absl::StatusOr<Block> decoded =
      DecodeBlock(block.ref, EncodeBlock(block), Columns(ColumnId::kCost));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->calls.time_us, block.calls.time_us);
  EXPECT_EQ(decoded->calls.weight, block.calls.weight);
  EXPECT_EQ(decoded->calls.cost_picos, block.calls.cost_picos);
  EXPECT_TRUE(decoded->calls.event_ids.empty());
  EXPECT_TRUE(decoded->calls.series.empty());
}

TEST(BlockCodec, NumbersThatHardlyShrinkAreKeptAsTheyAre) {
  Block block = RandomBlock(7, 5'000);
  const auto encoding_of = [&](ColumnId wanted) {
    const std::string bytes = EncodeBlock(block);
    const absl::StatusOr<StoredBlock> stored = ReadStoredBlock(block.ref, bytes);
    for (const StoredColumn& column : stored->columns) {
      if (column.id == static_cast<uint8_t>(wanted)) {
        return column.stored.size() == column.raw_size ? "plain" : "compressed";
      }
    }
    return "absent";
  };
  EXPECT_STREQ(encoding_of(ColumnId::kCost), "plain");
  EXPECT_STREQ(encoding_of(ColumnId::kRun), "compressed");
  std::fill(block.calls.cost_picos.begin(), block.calls.cost_picos.end(), 1'234'567);
  EXPECT_STREQ(encoding_of(ColumnId::kCost), "compressed");
}

TEST(BlockCodec, EveryFlippedBitIsDetected) {
  const Block block = RandomBlock(4, 20);
  std::string bytes = EncodeBlock(block);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(DecodeBlock(block.ref, bytes).status().code(), absl::StatusCode::kDataLoss) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST(BlockCodec, EveryTruncationIsDetected) {
  const Block block = RandomBlock(5, 20);
  const std::string bytes = EncodeBlock(block);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeBlock(block.ref, bytes.substr(0, size)).ok()) << size;
  }
}

TEST(BlockCodec, ABlockUnderAnotherHourIsRefused) {
  const Block block = RandomBlock(6, 20);
  EXPECT_FALSE(DecodeBlock({.hour = Hour(UINT32_MAX), .sequence = 7}, EncodeBlock(block)).ok());
}

StoredColumn FirstColumn(absl::string_view bytes) {
  return *ReadColumn(&bytes);
}

std::string BytesOf(std::initializer_list<int> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

TEST(ColumnCodec, ASparseColumnGetsItsZerosBack) {
  std::string column;
  AppendSparseColumn(ColumnId::kFlags, BytesOf({2, 4, 1, 0x80, 1, 3, 7}), &column);
  EXPECT_EQ(absl::BytesToHexString(column), "0d02070702040180010307");
  std::string buffer;
  const auto raw = RawBytes(FirstColumn(column), 8, &buffer);
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(*raw, BytesOf({0, 0, 4, 0x80, 1, 0, 0, 7, 0}));
}

TEST(ColumnCodec, ASparseColumnOfManyRowsIsCompressedToo) {
  std::string sparse;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) {
    sparse += BytesOf({i == 0 ? 4 : 5, 9});
    expected += BytesOf({0, 0, 0, 0, 9});
  }
  std::string column;
  AppendSparseColumn(ColumnId::kFlags, sparse, &column);
  EXPECT_LT(column.size(), 100U);
  std::string buffer;
  const auto raw = RawBytes(FirstColumn(column), 5'000, &buffer);
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(*raw, expected);
}

TEST(ColumnCodec, ASparseColumnThatDoesNotFitItsRowsIsDamage) {
  for (const auto& bytes : {BytesOf({8, 1}), BytesOf({0, 1, 0, 1}), BytesOf({0, 1, 8, 1}),
                            BytesOf({3}), BytesOf({3, 0x80})}) {
    std::string column;
    AppendSparseColumn(ColumnId::kFlags, bytes, &column);
    std::string buffer;
    EXPECT_EQ(RawBytes(FirstColumn(column), 8, &buffer).status().code(),
              absl::StatusCode::kDataLoss)
        << absl::BytesToHexString(bytes);
  }
}

TEST(BlockCodec, ColumnsThatAreMostlyZeroComeBack) {
  Block block = RandomBlock(8, 1'000);
  for (size_t row = 0; row < 1'000; ++row) {
    if (row % 7 != 3) {
      block.calls.flags[row] = 0;
      block.calls.p50_picos[row] = 0;
      block.calls.attribute_set[row] = 0;
    }
  }
  block.calls.duration_us.assign(1'000, 0);
  block.calls.duration_us.back() = INT64_MAX;
  const absl::StatusOr<Block> decoded = DecodeBlock(block.ref, EncodeBlock(block));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectSame(*decoded, block);
}

TEST(BlockCodec, AReportedCostIsAColumnOfItsOwnWhereThereIsOne) {
  Block block = RandomBlock(1, 2);
  block.calls.reported_usage = {};
  block.calls.reported_cost = {};
  const std::string without = EncodeBlock(block);
  block.calls.reported_cost = {0, 0x44};
  const std::string with = EncodeBlock(block);
  // Column 19, as it stands: a value for each row, the amount plus one.
  const std::string column("\x13\x00\x02\x02\x00\x44", 6);
  EXPECT_NE(with.find(column), std::string::npos);
  EXPECT_EQ(without.find(column), std::string::npos);
  EXPECT_EQ(with.size(), without.size() + column.size());
  const absl::StatusOr<Block> decoded = DecodeBlock(block.ref, with);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->calls.ReportedCostAt(0), std::nullopt);
  EXPECT_EQ(decoded->calls.ReportedCostAt(1), 0x43);
}

// The persisted bytes of storage/FORMAT.md: if this fails, old stores break.
TEST(BlockCodec, ThePersistedBytesAreGolden) {
  Block block;
  block.ref = {.hour = Hour(498'192), .sequence = 1};
  CallRows& calls = block.calls;
  calls.run_names = {"run-1"};
  calls.weight = {1, -1};
  calls.time_us = {HourStartUs(Hour(498'192)) + 1, HourStartUs(Hour(498'192)) + 3};
  calls.series = {0, 1};
  calls.run = {0, 0};
  calls.event_ids = {"c-1", "c-2"};
  calls.usage[0] = {42'800, 8'400};
  calls.duration_us = {812'500, 0};
  calls.status = {CallStatus::kOk, CallStatus::kError};
  calls.cost_picos = {147'000'000'000, 0};
  calls.flags = {0, kFlagUnpriced};
  block.completions.push_back({.time_us = HourStartUs(Hour(498'192)) + 5,
                               .run = 0,
                               .workflow = NameId(3),
                               .outcome = Outcome::kShortCircuited,
                               .unused_steps = {"draft", "plan"}});
  EXPECT_EQ(absl::BytesToHexString(EncodeBlock(block)),
            "040201010006060572756e2d31040001010105000202020406000202000108000404000302010900"
            "0404632d31320a000404d4cb31000b00020200010c00070780fc87cfa304000d0002020001200005"
            "05b0ce02d041110010100a0003030205647261667404706c616e6b95933767858ed1");
}

}  // namespace
}  // namespace itemized
