// SPDX-License-Identifier: Apache-2.0
// Blocks of the log. An input is a block without the checksum at its end, so
// that the search gets past it; the bytes as they are get tried as well.

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/status/statusor.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/block/block_codec.h"
#include "storage/block/row_appender.h"
#include "tests/fuzz/fuzz.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized::fuzz {
namespace {

constexpr size_t kChecksumBytes = 8;
constexpr size_t kRowsAppendedMax = 16;  // Appending looks for names one by one.
constexpr BlockRef kRef = {.hour = Hour(498'192), .sequence = 7};

std::string WithChecksum(absl::string_view body) {
  std::string bytes(body);
  AppendBigEndian64(&bytes, XXH3_64bits(body.data(), body.size()));
  return bytes;
}

// A column may be left out if it is all zero.
template <typename T>
bool Same(const std::vector<T>& a, const std::vector<T>& b) {
  const auto zeros = [](const std::vector<T>& column) {
    return std::all_of(column.begin(), column.end(), [](T value) { return value == T{}; });
  };
  return a == b || (a.empty() && zeros(b)) || (b.empty() && zeros(a));
}

void CheckSame(const Block& one, const Block& other) {
  const CallRows& a = one.calls;
  const CallRows& b = other.calls;
  CHECK(one.ref == other.ref && one.completions == other.completions);
  CHECK(a.run_names == b.run_names && a.strings == b.strings);
  CHECK(a.attribute_sets == b.attribute_sets && Same(a.attribute_set, b.attribute_set));
  CHECK(a.weight == b.weight && a.time_us == b.time_us && a.series == b.series && a.run == b.run);
  CHECK(a.event_ids == b.event_ids);
  CHECK(a.duration_us == b.duration_us && a.status == b.status && a.flags == b.flags);
  CHECK(a.cost_picos == b.cost_picos && Same(a.p50_picos, b.p50_picos));
  CHECK(Same(a.sample_count, b.sample_count) && Same(a.reported_cost, b.reported_cost));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    CHECK(Same(a.usage[c], b.usage[c]));
  }
}

// Queries decode some columns only; those are the same as in the whole block.
void CheckMasked(absl::string_view bytes, const Block& whole) {
  const ColumnMask mask = Columns(ColumnId::kSeries, ColumnId::kCost, ColumnId::kEventIdShape);
  const absl::StatusOr<Block> part = DecodeBlock(kRef, bytes, mask);
  CHECK(part.ok());
  CHECK(part->calls.time_us == whole.calls.time_us && part->calls.weight == whole.calls.weight);
  CHECK(part->calls.series == whole.calls.series);
  CHECK(part->calls.cost_picos == whole.calls.cost_picos);
  CHECK(part->calls.event_ids == whole.calls.event_ids);
}

// Every third row alone is what it is among all.
void CheckChosen(absl::string_view bytes, const Block& whole) {
  const absl::StatusOr<Block> chosen =
      DecodeChosen(kRef, bytes, Columns(ColumnId::kTime), [](const Block& block) {
        std::vector<uint32_t> rows;
        for (uint32_t row = 0; row < block.calls.size(); row += 3) {
          rows.push_back(row);
        }
        return rows;
      });
  CHECK(chosen.ok());
  const CallRows& a = whole.calls;
  const CallRows& b = chosen->calls;
  CHECK(b.size() == (a.size() + 2) / 3);
  for (size_t i = 0; i < b.size(); ++i) {
    const size_t row = 3 * i;
    CHECK(a.time_us[row] == b.time_us[i] && a.weight[row] == b.weight[i]);
    CHECK(a.EventId(row) == b.EventId(i) && a.run[row] == b.run[i] && a.flags[row] == b.flags[i]);
    CHECK(a.cost_picos[row] == b.cost_picos[i] && a.UsageAt(row) == b.UsageAt(i));
    CHECK(a.ReportedCostAt(row) == b.ReportedCostAt(i));
    CHECK(a.ReportedUsageAt(row) == b.ReportedUsageAt(i));
  }
}

// The rows of one run by its name are what they are among all.
void CheckRowsOfRun(absl::string_view bytes, const Block& whole) {
  if (whole.calls.run_names.empty()) {
    return;
  }
  const absl::string_view name = whole.calls.run_names.front();
  const absl::StatusOr<Block> read = DecodeRowsOfRuns(kRef, bytes, {name});
  CHECK(read.ok());
  size_t found = 0;
  for (size_t row = 0; row < whole.calls.size(); ++row) {
    if (whole.calls.RunName(row) != name) {
      continue;
    }
    CHECK(found < read->calls.size());
    CHECK(read->calls.RunName(found) == name &&
          read->calls.EventId(found) == whole.calls.EventId(row));
    CHECK(read->calls.time_us[found] == whole.calls.time_us[row]);
    CHECK(read->calls.UsageAt(found) == whole.calls.UsageAt(row));
    ++found;
  }
  CHECK(found == read->calls.size());
}

// Every index of a row leads somewhere.
void CheckRows(const CallRows& calls) {
  CallRows copy;
  RowAppender appender(&copy);
  for (size_t row = 0; row < std::min(calls.size(), kRowsAppendedMax); ++row) {
    appender.Append(calls, row, -1);
    CHECK(copy.EventId(row) == calls.EventId(row));
    CHECK(copy.UsageAt(row) == calls.UsageAt(row));
  }
}

bool DecodeAndCheck(absl::string_view bytes) {
  const absl::StatusOr<Block> block = DecodeBlock(kRef, bytes);
  if (!block.ok()) {
    CHECK(block.status().code() == absl::StatusCode::kDataLoss);
    return false;
  }
  const absl::StatusOr<Block> again = DecodeBlock(kRef, EncodeBlock(*block));
  CHECK(again.ok());
  CheckSame(*block, *again);
  CheckMasked(bytes, *block);
  CheckChosen(bytes, *block);
  CheckRowsOfRun(bytes, *block);
  CheckRows(block->calls);
  return true;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const auto add = [&](const Block& block) {
    const std::string bytes = EncodeBlock(block);
    seeds.push_back(bytes.substr(0, bytes.size() - kChecksumBytes));
  };
  for (const size_t rows : {size_t{0}, size_t{1}, size_t{3}, size_t{40}}) {
    add(RandomBlock(/*seed=*/1, rows));
  }
  add(BlockWithoutIds(/*seed=*/1, /*rows=*/3));
  return seeds;
}

bool Accepts(absl::string_view input) {
  DecodeAndCheck(input);
  return DecodeAndCheck(WithChecksum(input));
}

}  // namespace itemized::fuzz
