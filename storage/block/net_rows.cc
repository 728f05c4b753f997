// SPDX-License-Identifier: Apache-2.0
#include "storage/block/net_rows.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/block/row_appender.h"

namespace itemized {
std::string ContentOf(const CallRows& calls, size_t row) {
  std::string key;
  AppendSized(&key, calls.RunName(row));
  AppendSized(&key, calls.EventId(row));
  AppendVarint(&key, calls.series[row]);
  AppendSized(&key, calls.OtherModelAt(row));
  AppendZigzag(&key, calls.time_us[row]);
  AppendZigzag(&key, calls.cost_picos[row]);
  AppendZigzag(&key, calls.duration_us[row]);
  key.push_back(static_cast<char>(calls.flags[row]));
  key.push_back(static_cast<char>(calls.status[row]));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    AppendZigzag(&key, calls.UsageAt(c, row));
  }
  AppendVarint(&key,
               calls.reported_cost.empty() ? 0 : static_cast<uint64_t>(calls.reported_cost[row]));
  AppendSized(&key, calls.ReportedUsageAt(row));
  const RowVerdict verdict = VerdictOf(calls, row);
  AppendZigzag(&key, verdict.p50_picos);
  AppendZigzag(&key, verdict.sample_count);
  return key;
}

namespace {

bool HasNegative(const Block& block) {
  return std::find(block.calls.weight.begin(), block.calls.weight.end(), -1) !=
         block.calls.weight.end();
}

absl::flat_hash_map<std::string, size_t> NegativeRows(const std::vector<Block>& blocks) {
  absl::flat_hash_map<std::string, size_t> negatives;
  for (const Block& block : blocks) {
    if (!HasNegative(block)) {
      continue;
    }
    for (size_t row = 0; row < block.calls.size(); ++row) {
      if (block.calls.weight[row] < 0) {
        ++negatives[ContentOf(block.calls, row)];
      }
    }
  }
  return negatives;
}

}  // namespace

std::vector<RowRef> NetRows(const std::vector<Block>& blocks) {
  absl::flat_hash_map<std::string, size_t> negatives = NegativeRows(blocks);
  size_t count = 0;
  for (const Block& block : blocks) {
    count += block.calls.size();
  }
  std::vector<RowRef> rows;
  rows.reserve(count);
  for (size_t b = 0; b < blocks.size(); ++b) {
    const CallRows& calls = blocks[b].calls;
    for (size_t row = 0; row < calls.size(); ++row) {
      if (calls.weight[row] < 0) {
        continue;
      }
      if (!negatives.empty()) {
        const auto found = negatives.find(ContentOf(calls, row));
        if (found != negatives.end()) {
          if (--found->second == 0) {
            negatives.erase(found);
          }
          continue;
        }
      }
      rows.push_back({b, row});
    }
  }
  CHECK(negatives.empty());
  return rows;
}

}  // namespace itemized
