// SPDX-License-Identifier: Apache-2.0
// A few rows of a block, decoded alone.

#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"
#include "storage/block/block_codec.h"
#include "storage/block/row_appender.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

// Compares a row with the one RowAppender took over; it numbers names of attributes anew.
void ExpectSameRow(const CallRows& a, const CallRows& b, size_t row) {
  const auto attributes = [row](const CallRows& calls) {
    std::vector<std::pair<absl::string_view, absl::string_view>> named;
    if (!calls.attribute_set.empty()) {
      for (const auto& [key, value] : calls.attribute_sets[calls.attribute_set[row]]) {
        named.emplace_back(calls.strings[key], calls.strings[value]);
      }
    }
    return named;
  };
  EXPECT_EQ(a.RunName(row), b.RunName(row));
  EXPECT_EQ(attributes(a), attributes(b));
  EXPECT_EQ(a.weight[row], b.weight[row]);
  EXPECT_EQ(a.time_us[row], b.time_us[row]);
  EXPECT_EQ(a.series[row], b.series[row]);
  EXPECT_EQ(a.EventId(row), b.EventId(row));
  EXPECT_EQ(a.UsageAt(row), b.UsageAt(row));
  EXPECT_EQ(a.duration_us[row], b.duration_us[row]);
  EXPECT_EQ(a.status[row], b.status[row]);
  EXPECT_EQ(a.CostAt(row), b.CostAt(row));
  EXPECT_EQ(a.flags[row], b.flags[row]);
  const auto at = [row](const std::vector<int64_t>& column) {
    return column.empty() ? 0 : column[row];
  };
  EXPECT_EQ(at(a.p50_picos), at(b.p50_picos));
  EXPECT_EQ(at(a.sample_count), at(b.sample_count));
  EXPECT_EQ(a.ReportedCostAt(row), b.ReportedCostAt(row));
  EXPECT_EQ(a.ReportedUsageAt(row), b.ReportedUsageAt(row));
}

std::vector<std::vector<uint32_t>> SomeRows(size_t rows) {
  std::vector<uint32_t> every_seventh;
  std::vector<uint32_t> all;
  for (uint32_t row = 0; row < rows; ++row) {
    all.push_back(row);
    if (row % 7 == 3) {
      every_seventh.push_back(row);
    }
  }
  return {{}, {0}, {static_cast<uint32_t>(rows - 1)}, every_seventh, all};
}

TEST(RowDecoder, ChosenRowsAreThoseOfTheWholeBlock) {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{100}, size_t{5'000}}) {
    const Block block = RandomBlock(static_cast<uint32_t>(count), count);
    const std::string bytes = EncodeBlock(block);
    for (const std::vector<uint32_t>& rows : SomeRows(count)) {
      Block expected;
      RowAppender appender(&expected.calls);
      for (const uint32_t row : rows) {
        appender.Append(block.calls, row, block.calls.weight[row]);
      }
      const absl::StatusOr<Block> chosen =
          DecodeChosen(block.ref, bytes, Columns(ColumnId::kCost), [&](const Block& shown) {
            EXPECT_EQ(shown.calls.cost_picos, block.calls.cost_picos);
            EXPECT_TRUE(shown.calls.series.empty());
            return rows;
          });
      ASSERT_TRUE(chosen.ok()) << chosen.status();
      EXPECT_EQ(chosen->ref, block.ref);
      EXPECT_EQ(chosen->calls.run_names, block.calls.run_names);
      EXPECT_TRUE(chosen->completions.empty());
      ASSERT_EQ(chosen->calls.size(), rows.size());
      for (size_t i = 0; i < rows.size(); ++i) {
        ExpectSameRow(chosen->calls, expected.calls, i);
      }
    }
  }
}

TEST(RowDecoder, ChosenRowsOfAColumnThatIsMostlyZeroAreThoseOfTheWholeBlock) {
  Block block = RandomBlock(1, 100);
  block.calls.flags.assign(100, 0);
  for (const size_t row : {0u, 3u, 10u, 11u, 99u}) {
    block.calls.flags[row] = static_cast<uint8_t>(kFlagOutlier);
  }
  const std::string bytes = EncodeBlock(block);
  for (const std::vector<uint32_t>& rows :
       {std::vector<uint32_t>{0}, {1, 2}, {2, 3, 4}, {9, 10, 12}, {11, 98}, {99}, {50}}) {
    const absl::StatusOr<Block> chosen = DecodeChosen(
        block.ref, bytes, 0, [&](const Block&) { return rows; }, Columns(ColumnId::kFlags));
    ASSERT_TRUE(chosen.ok()) << chosen.status();
    ASSERT_EQ(chosen->calls.flags.size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(chosen->calls.flags[i], block.calls.flags[rows[i]]) << "row " << rows[i];
    }
  }
}

TEST(RowDecoder, NoMoreIsDecodedOfChosenRowsThanWasAskedFor) {
  const Block block = RandomBlock(1, 100);
  const std::vector<uint32_t> some = {3, 7, 99};
  std::vector<uint32_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  for (const std::vector<uint32_t>& rows : {some, all}) {
    const absl::StatusOr<Block> chosen = DecodeChosen(
        block.ref, EncodeBlock(block), Columns(ColumnId::kSeries),
        [&](const Block& shown) {
          EXPECT_EQ(shown.calls.size(), 100u);
          EXPECT_TRUE(shown.calls.time_us.empty());
          return rows;
        },
        Columns(ColumnId::kCost));
    ASSERT_TRUE(chosen.ok()) << chosen.status();
    EXPECT_EQ(chosen->calls.size(), rows.size());
    EXPECT_TRUE(chosen->completions.empty());
    EXPECT_TRUE(chosen->calls.time_us.empty());
    EXPECT_TRUE(chosen->calls.series.empty());
    EXPECT_TRUE(chosen->calls.event_ids.empty());
    ASSERT_EQ(chosen->calls.cost_picos.size(), rows.size());
    EXPECT_EQ(chosen->calls.cost_picos.back(), block.calls.cost_picos[rows.back()]);
  }
}

// The names of runs have been read by then, and the rows are checked against them all the same.
TEST(RowDecoder, AChosenRowWhoseRunHasNoNameIsDamage) {
  Block block = RandomBlock(1, 100);
  block.calls.run[50] = static_cast<uint32_t>(block.calls.run_names.size());
  const absl::Status status =
      DecodeChosen(block.ref, EncodeBlock(block), Columns(ColumnId::kRunNames), [](const Block&) {
        return std::vector<uint32_t>{49, 50};
      }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
}

TEST(RowDecoder, RowsOfRunsAreThoseOfTheWholeBlock) {
  for (const size_t count : {size_t{1}, size_t{100}, size_t{5'000}}) {
    const Block block = RandomBlock(static_cast<uint32_t>(count), count);
    const std::string bytes = EncodeBlock(block);
    const auto& names = block.calls.run_names;
    const RunNames all(names.begin(), names.end());
    for (const RunNames& runs : {RunNames{}, RunNames{"unknown"}, RunNames{names.front()},
                                 RunNames{names.front(), names.back(), "unknown"}, all}) {
      Block expected;
      RowAppender appender(&expected.calls);
      for (size_t row = 0; row < count; ++row) {
        if (runs.contains(block.calls.RunName(row))) {
          appender.Append(block.calls, row, block.calls.weight[row]);
        }
      }
      const absl::StatusOr<Block> read = DecodeRowsOfRuns(block.ref, bytes, runs);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->ref, block.ref);
      EXPECT_TRUE(read->completions.empty());
      ASSERT_EQ(read->calls.size(), expected.calls.size());
      for (size_t i = 0; i < expected.calls.size(); ++i) {
        ExpectSameRow(read->calls, expected.calls, i);
      }
    }
  }
}

// The bytes of one run's number are part of another's, if there are many, and ids share more or
// less with the one before.
TEST(RowDecoder, ARunIsFoundAmongManyWithItsIds) {
  constexpr uint32_t kRuns = 1'000;
  std::mt19937_64 random(11);
  Block block = RandomBlock(11, 5'000);
  CallRows& calls = block.calls;
  calls.run_names = {};
  for (uint32_t run = 0; run < kRuns; ++run) {
    calls.run_names.push_back(absl::StrCat("run-", run));
  }
  calls.event_ids = {};
  std::string id;
  for (uint32_t& run : calls.run) {
    run = static_cast<uint32_t>(random() % kRuns);
    id = id.substr(0, random() % (id.size() + 1));
    id += std::to_string(random() % 1'000'000).substr(random() % 4);
    calls.event_ids.push_back(id);
  }
  const std::string bytes = EncodeBlock(block);
  for (uint32_t run = 0; run < kRuns; run += 3) {
    const std::string name = absl::StrCat("run-", run);
    const absl::StatusOr<Block> read = DecodeRowsOfRuns(block.ref, bytes, {name});
    ASSERT_TRUE(read.ok()) << read.status();
    size_t found = 0;
    for (size_t row = 0; row < calls.size(); ++row) {
      if (calls.run[row] == run) {
        ASSERT_LT(found, read->calls.size()) << name;
        EXPECT_EQ(read->calls.EventId(found), calls.EventId(row)) << row;
        EXPECT_EQ(read->calls.time_us[found++], calls.time_us[row]) << row;
      }
    }
    EXPECT_EQ(found, read->calls.size()) << name;
  }
}

TEST(RowDecoder, AColumnOfRunsThatIsNotAsLongAsTheBlockIsDamage) {
  const Block block = RandomBlock(1, 10);
  std::string bytes = EncodeBlock(block);
  bytes.resize(bytes.size() - 8);
  ASSERT_EQ(bytes[1], 10);
  bytes[1] = 9;
  AppendBigEndian64(&bytes, XXH3_64bits(bytes.data(), bytes.size()));
  const absl::Status status = DecodeRowsOfRuns(block.ref, bytes, {"unknown"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("its runs cannot be read"), std::string::npos) << status;
}

}  // namespace
}  // namespace itemized
