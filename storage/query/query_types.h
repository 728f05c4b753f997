// SPDX-License-Identifier: Apache-2.0
#pragma once

// Questions to the database and their answers. Money is in pico-dollars.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/model/call.h"
#include "storage/model/ingest_counters.h"
#include "storage/model/usage.h"
#include "storage/pricing/rate_change.h"
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

// Only calls that have all of these; what is not set does not matter.
struct CallFilter {
  std::array<std::optional<std::string>, kNameKindCount> names;  // By NameKind; "": none given.
  std::vector<std::pair<std::string, std::string>> attributes;   // Key and value; "": none given.

  std::optional<std::string>& operator[](NameKind kind) { return names[static_cast<size_t>(kind)]; }
  const std::optional<std::string>& operator[](NameKind kind) const {
    return names[static_cast<size_t>(kind)];
  }
  bool empty() const { return *this == CallFilter{}; }
  // Whether it names a step at most, and nothing else.
  bool has_step_only() const;

  bool operator==(const CallFilter&) const = default;
};

struct TopQuery {
  Window window;
  GroupBy by = GroupBy::kStep;
  std::string attribute_key = {};  // With kAttribute.
  CallFilter filter = {};
};

struct TopRow {
  std::string key;
  CallSums sums;
  int64_t p50_cost = 0;  // Over priced calls; 0 if there is none.
  int64_t p95_cost = 0;
  int64_t p50_duration_us = 0;
  int64_t p95_duration_us = 0;
  Picos unsurfaced = 0;
  std::optional<Threshold> threshold = {};  // What the next call is compared with; of steps.
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

// The order of the calls of a run: by time, then by event id; those without one, at equal
// times, by a hash of what they are.
struct RunKey {
  int64_t time_us = 0;
  std::string event_id = {};
  std::array<uint64_t, 2> content = {};  // Zero with an event id.

  auto operator<=>(const RunKey&) const = default;
};

// A place behind some calls of a run.
struct RunPosition {
  RunKey key;
  int64_t shown = 0;  // Calls of that key before the position.

  bool operator==(const RunPosition&) const = default;
};

// Some calls of a run. Pages that were asked for one after the other have every call once,
// if none comes or goes meanwhile.
struct RunQuery {
  std::string workflow_id;
  std::optional<RunPosition> after = {};  // Else from the first one on.
  size_t limit = SIZE_MAX;                // Calls at most; 0: only what is known of the run.
  size_t bytes_max = SIZE_MAX;            // Of calls, about; one call there may always be.
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
  int64_t call_count = 0;           // Of the run, those that are no longer kept too.
  std::vector<BilledCall> calls;    // Those asked for, in their order.
  std::optional<RunPosition> next;  // Where to go on; none if there is no more.
};

struct SeriesQuery {
  Window window;
  CallFilter filter = {};
  bool by_hour = false;  // Else by day of `zone`.
  absl::TimeZone zone = absl::UTCTimeZone();
  std::optional<GroupBy> by;       // Splits the points.
  std::string attribute_key = {};  // With kAttribute.
};

struct SeriesPoint {
  TimeRange range;
  CallSums sums;
};

// Those calls of a series that share a name.
struct SeriesGroup {
  std::string key;
  Picos cost = 0;
  int64_t calls = 0;
  std::vector<Picos> point_cost;  // One for each point.
  std::vector<int64_t> point_calls;
};

struct SeriesAnswer {
  TimeRange range;
  std::vector<SeriesPoint> points;  // Empty buckets too.
  std::vector<SeriesGroup> groups;  // By falling cost, then by key; all add up to the points.
};

enum class OutlierOrder : uint8_t { kNewest, kCost };

struct OutliersQuery {
  Window window;
  CallFilter filter = {};
  size_t limit = 100;
  OutlierOrder order = OutlierOrder::kNewest;
};

struct OutliersAnswer {
  TimeRange range;
  std::vector<BilledCall> calls;  // In the order asked for; each has its receipt.
  int64_t total = 0;              // In the range, beyond the limit too.
  int64_t unjudged_calls = 0;     // Of the range: without a price, and so without a verdict.
  int64_t learning_calls = 0;     // As in CallSums; none of them is in `calls`.
  // Cost less threshold of all of them, beyond the limit too; with kCost only.
  std::optional<Picos> excess;
};

// Asks how the costs of the calls of a step are spread, or of the completed runs of a workflow.
struct DistributionQuery {
  Window window;
  NameKind of = NameKind::kStep;  // Or kWorkflow.
  std::string name;
};

// Costs in [from, to), pico-dollars.
struct DistributionBucket {
  int64_t from = 0;
  int64_t to = 0;
  int64_t count = 0;
  Picos total = 0;
};

struct DistributionAnswer {
  TimeRange range;
  int64_t count = 0;
  Picos total = 0;
  int64_t p50 = 0;  // 0 if there is none.
  int64_t p95 = 0;
  std::vector<DistributionBucket> buckets;  // By rising cost, without empty ones.
  int64_t unpriced_calls = 0;               // Of the step; not in the buckets.
  std::optional<Threshold> threshold;       // Of the step; none of a workflow.
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
  int64_t usage_missing_calls = 0;  // Of the unpriced ones.
  Picos cost = 0;
  IngestCounters ingested;
  int64_t runs = 0;
  uint64_t last_block = 0;
  uint64_t checkpointed_block = 0;
  int64_t events_kept_from_us = 0;             // 0: all are.
  int64_t rollups_kept_from_us = 0;            // The same of rollups.
  bool is_dropping = false;                    // Some older ones are still on disk.
  std::optional<RepricingProgress> repricing;  // None if none is under way.
};

}  // namespace itemized
