// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "storage/block/block.h"

namespace itemized {

// A block in hour 498,192 with every column in use. Equal seeds, equal blocks.
inline Block RandomBlock(uint32_t seed, size_t rows) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return static_cast<int64_t>(random() % limit); };
  Block block;
  block.ref = {.hour = Hour(498'192), .sequence = 7};
  CallRows& calls = block.calls;
  calls.run_names = {"run-1", "run-2", "zebra"};
  calls.strings = {"tenant", "acme", ""};
  calls.attribute_sets = {{}, {{0, 1}}, {{0, 2}}};
  for (size_t row = 0; row < rows; ++row) {
    calls.weight.push_back(below(8) == 0 ? -1 : 1);
    calls.time_us.push_back(HourStartUs(block.ref.hour) + below(kMicrosPerHour));
    calls.series.push_back(static_cast<uint32_t>(below(5)));
    calls.run.push_back(static_cast<uint32_t>(below(3)));
    calls.event_ids.push_back("producer-" + std::to_string(row));
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      calls.usage[c].push_back(below(uint64_t{1} << (3 * c)));
    }
    calls.duration_us.push_back(below(5'000'000));
    calls.status.push_back(static_cast<CallStatus>(below(3)));
    calls.cost_picos.push_back(below(1'000'000'000'000));
    calls.flags.push_back(static_cast<uint8_t>(below(16)));
    calls.p50_picos.push_back(below(1'000'000));
    calls.sample_count.push_back(below(1'000));
    calls.reported_usage.push_back(
        below(2) == 0 ? "" : "{\"a\":" + std::to_string(below(1'000)) + ",\"b\":7}");
    calls.reported_cost.push_back(below(4) == 0 ? below(1'000'000'000'000) : 0);
    calls.attribute_set.push_back(static_cast<uint32_t>(below(3)));
  }
  block.completions.push_back({.time_us = HourStartUs(block.ref.hour) + 5,
                               .run = 1,
                               .workflow = NameId(3),
                               .outcome = Outcome::kShortCircuited,
                               .unused_steps = {"draft", "plan"}});
  return block;
}

// Makes RandomBlock's block, with ids that are all empty.
inline Block BlockWithoutIds(uint32_t seed, size_t rows) {
  Block block = RandomBlock(seed, rows);
  block.calls.event_ids = {};
  for (size_t row = 0; row < rows; ++row) {
    block.calls.event_ids.push_back("");
  }
  return block;
}

}  // namespace itemized
