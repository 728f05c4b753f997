// SPDX-License-Identifier: Apache-2.0
#pragma once

// The question why spend changed, and its answer. Money is in pico-dollars.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/query/attribution.h"
#include "storage/query/query_types.h"

namespace itemized {

struct CompareSide {
  Window window;
  CallFilter filter = {};
};

// Both windows are as known at the same instant.
struct CompareQuery {
  CompareSide before;
  CompareSide after;
  NameKind by = NameKind::kStep;
};

// What one side has of the calls of a row.
struct ComparedCalls {
  Picos cost = 0;
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  // How long calls took, within 1/128; not set if there are none.
  std::optional<int64_t> p50_duration_us = {};
  std::optional<int64_t> p95_duration_us = {};
};

struct CompareRow {
  std::string key;
  ComparedCalls before;
  ComparedCalls after;
  PicosByCause causes{};  // They add up to change().

  Picos change() const { return after.cost - before.cost; }
};

struct CompareAnswer {
  TimeRange before_range;
  TimeRange after_range;
  ComparedCalls before;  // Those of all rows together, without durations.
  ComparedCalls after;
  int64_t before_runs = 0;
  int64_t after_runs = 0;
  PicosByCause causes{};
  std::vector<CompareRow> rows;  // They stand by falling size of change, then by key.
};

}  // namespace itemized
