// SPDX-License-Identifier: Apache-2.0
// Rows that are appended many at a time are those that are appended one by one.

#include "storage/block/row_appender.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "storage/block/block_codec.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

// Some rows of a block, which get other costs.
std::vector<RepricedRow> Repriced(const CallRows& calls, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<RepricedRow> rows;
  for (uint32_t row = 0; row < calls.size(); ++row) {
    if (random() % 3 != 0) {
      CallCost cost{.picos = static_cast<int64_t>(random() % 1'000'000),
                    .unpriced = random() % 4 == 0};
      cost.reported = !cost.unpriced && random() % 5 == 0;
      cost.picos = cost.unpriced ? 0 : cost.picos;
      rows.push_back({.row = row, .cost = cost});
    }
  }
  return rows;
}

// A block of which some columns are empty, others than of the next.
Block SomeBlock(uint32_t seed, size_t rows) {
  Block block = RandomBlock(seed, rows);
  CallRows& calls = block.calls;
  const auto is_left_out = [&](uint32_t column) { return ((seed >> (column % 3)) & 1) == 0; };
  for (uint32_t c = 0; c < kUsageClassCount; ++c) {
    if (is_left_out(c)) {
      calls.usage[c].clear();
    }
  }
  if (is_left_out(0)) {
    calls.p50_picos.clear();
    calls.attribute_set.clear();
    calls.attribute_sets.clear();
  }
  if (is_left_out(1)) {
    calls.sample_count.clear();
    calls.reported_usage = {};
  }
  if (is_left_out(2)) {
    calls.reported_cost.clear();
    for (uint32_t row = 0; row < rows; ++row) {
      calls.revision.push_back(row % 3);
      calls.other_model.push_back(row % 4);
    }
  }
  return block;
}

void AppendOneByOne(const CallRows& from, const RepricedRow& row, RowAppender* to) {
  const RowUsage usage = from.RowUsageAt(row.row);
  const bool is_rated = !row.cost.unpriced && (!usage.missing || row.cost.reported);
  const bool keeps_verdict = is_rated && !from.Has(row.row, kFlagUnpriced);
  to->Append(from, row.row, -1);
  to->Append(from, row.row, 1, usage, row.cost,
             keeps_verdict ? VerdictOf(from, row.row) : RowVerdict());
}

TEST(RowAppender, RepricedRowsAreThoseThatAreAppendedOneByOne) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    Block expected;
    Block made;
    RowAppender one_by_one(&expected.calls);
    RowAppender at_once(&made.calls);
    // The columns that some blocks leave out are those that others have.
    for (uint32_t i = 0; i < 4; ++i) {
      const Block from = SomeBlock(100 * seed + i, seed % 10 == 0 ? 1 : 50 * seed);
      const std::vector<RepricedRow> rows = Repriced(from.calls, seed);
      for (const RepricedRow& row : rows) {
        AppendOneByOne(from.calls, row, &one_by_one);
      }
      at_once.AppendRepriced(from.calls, rows);
    }
    ASSERT_EQ(made.calls.size(), expected.calls.size());
    EXPECT_EQ(EncodeBlock(made), EncodeBlock(expected)) << "seed " << seed;
  }
}

TEST(RowAppender, AVerdictThatComesLaterIsThatOfItsRow) {
  const Block from = RandomBlock(1, 10);
  const RowVerdict verdict{.flags = kFlagOutlier, .p50_picos = 5, .sample_count = 7};
  Block expected;
  Block made;
  RowAppender at_once(&expected.calls);
  RowAppender later(&made.calls);
  for (size_t row = 0; row < from.calls.size(); ++row) {
    const auto append = [&](RowAppender* to, const RowVerdict& first) {
      to->Append(from.calls, row, 1, from.calls.RowUsageAt(row), from.calls.CostAt(row), first);
    };
    append(&at_once, row == 3 ? verdict : RowVerdict());
    append(&later, RowVerdict());
  }
  later.SetVerdict(3, verdict);
  EXPECT_EQ(EncodeBlock(made), EncodeBlock(expected));
}

}  // namespace
}  // namespace itemized
