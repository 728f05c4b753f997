#pragma once

// Questions to the database and their answers. Money is in pico-dollars.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/model/call.h"
#include "storage/model/usage.h"
#include "storage/views/baselines.h"
#include "storage/views/call_sums.h"

namespace itemized {

enum class GroupBy : uint8_t { kStep, kModel, kWorkflow, kProvider, kAttribute };

// A range of instants, or one that ends when the question is answered.
struct Window {
  std::optional<int64_t> last_us;  // Length of a range that ends now; else `range`.
  TimeRange range;

  static Window Last(int64_t length_us) { return {.last_us = length_us, .range = {}}; }
  static Window Of(TimeRange range) { return {.last_us = std::nullopt, .range = range}; }
};

struct TopQuery {
  Window window;
  GroupBy by = GroupBy::kStep;
  std::string attribute_key;  // With kAttribute.
};

struct TopRow {
  std::string key;
  CallSums sums;
  int64_t p50_cost = 0;  // Over priced calls; 0 if there is none.
  int64_t p95_cost = 0;
  int64_t p50_duration_us = 0;
  int64_t p95_duration_us = 0;
  Picos unsurfaced = 0;
};

struct TopAnswer {
  TimeRange range;
  CallSums total;
  Picos unsurfaced = 0;
  std::vector<TopRow> rows;  // By falling cost, then by key. All of them.
};

struct WorkflowRow {
  std::string workflow;
  int64_t runs[kOutcomeCount] = {};  // By Outcome; [0]: open.
  Picos spend = 0;                   // Of all runs.
  Picos completed_spend = 0;         // Of completed runs.
  int64_t completed_calls = 0;       // In completed runs.
  int64_t p50_completed = 0;
  int64_t p95_completed = 0;
  Picos unsurfaced = 0;
  int64_t unpriced_calls = 0;
};

struct WorkflowsAnswer {
  TimeRange range;
  std::vector<WorkflowRow> rows;  // By falling spend, then by name.
};

struct RunAnswer {
  std::string workflow;
  std::string workflow_id;
  Outcome outcome = Outcome::kOpen;
  int64_t completed_at_us = 0;  // 0 while open.
  std::vector<std::string> unused_steps;
  Picos cost = 0;
  Picos unsurfaced = 0;
  int64_t unpriced_calls = 0;
  std::vector<BilledCall> calls;  // By time, then by event id.
};

struct SeriesQuery {
  Window window;
  std::string step;      // Empty: all steps.
  bool by_hour = false;  // Else by day of `zone`.
  absl::TimeZone zone = absl::UTCTimeZone();
};

struct SeriesPoint {
  TimeRange range;
  CallSums sums;
};

struct SeriesAnswer {
  TimeRange range;
  std::vector<SeriesPoint> points;  // Empty buckets too.
};

struct OutliersQuery {
  Window window;
  std::string step;  // Empty: all.
  size_t limit = 100;
};

struct OutliersAnswer {
  TimeRange range;
  std::vector<BilledCall> calls;  // Newest first; each has its receipt.
  int64_t total = 0;              // In the range, beyond the limit too.
};

struct UnpricedModel {
  std::string provider;
  std::string model;
  int64_t calls = 0;
};

struct DatabaseInfo {
  int schema_version = 0;
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  int64_t runs = 0;
  uint64_t last_block = 0;
  uint64_t checkpointed_block = 0;
  int64_t events_kept_from_us = 0;   // 0: all are.
  int64_t rollups_kept_from_us = 0;  // The same of rollups.
  bool is_dropping = false;          // Some older ones are still on disk.
};

}  // namespace itemized
