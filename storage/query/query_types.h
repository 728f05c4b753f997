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
#include "storage/pricing/explanation.h"
#include "storage/pricing/rate_book.h"
#include "storage/pricing/rate_change.h"
#include "storage/views/baselines.h"
#include "storage/views/call_sums.h"

namespace itemized {

enum class GroupBy : uint8_t { kStep, kModel, kWorkflow, kProvider, kAttribute };

// A range of instants, or one that ends when the question is answered; and as of when.
struct Window {
  std::optional<int64_t>
      last_us;  // The length of a range that ends now; if not set, `range` is it.
  TimeRange range;
  // The answer is the one that was given at this instant, which is then the "now" of the range. If
  // not set, the answer is that of today.
  std::optional<int64_t> as_known_at_us = {};

  static Window Last(int64_t length_us) { return {.last_us = length_us, .range = {}}; }
  static Window Of(TimeRange range) { return {.last_us = std::nullopt, .range = range}; }
};

// Lets through calls that have all of these; what is not set does not matter.
struct CallFilter {
  std::array<std::optional<std::string>, kNameKindCount>
      names;  // The name of each NameKind; "" for calls that give none. A provider is let through
              // under all of its names (IsSameProvider).
  std::vector<std::pair<std::string, std::string>>
      attributes;  // Key and value; "" for calls that give none.

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
  std::string attribute_key = {};  // Used only if `by` is kAttribute.
  CallFilter filter = {};
};

struct TopRow {
  std::string key;
  CallSums sums;
  // Calls whose usage a rate priced. Failed calls that used nothing are free, and not among them.
  int64_t rated_calls = 0;
  int64_t p50_cost = 0;  // The quantiles of cost are over rated calls; 0 if there is none.
  int64_t p95_cost = 0;
  int64_t p50_duration_us = 0;
  int64_t p95_duration_us = 0;
  Picos unsurfaced = 0;
  std::optional<Threshold> threshold = {};  // What the next call is compared with; only for steps.
};

struct TopAnswer {
  TimeRange range;
  CallSums total;
  Picos unsurfaced = 0;
  std::vector<TopRow> rows;  // All rows, by falling cost, then by key.
};

struct WorkflowRow {
  std::string workflow;
  int64_t runs[kOutcomeCount] = {};  // How many runs have each Outcome.
  Picos spend = 0;                   // What all runs cost.
  Picos completed_spend = 0;         // What completed runs cost.
  int64_t completed_calls = 0;       // How many calls completed runs have.
  int64_t p50_completed = 0;
  int64_t p95_completed = 0;
  Picos unsurfaced = 0;
  int64_t unpriced_calls = 0;
};

struct WorkflowsAnswer {
  TimeRange range;
  std::vector<WorkflowRow> rows;  // Rows stand by falling spend, then by name.
};

// The order of the calls of a run: by time, then by event id; those without one, at equal
// times, by a hash of what they are.
struct RunKey {
  int64_t time_us = 0;
  std::string event_id = {};
  std::array<uint64_t, 2> content = {};  // Zero if there is an event id.

  auto operator<=>(const RunKey&) const = default;
};

// A place behind some calls of a run.
struct RunPosition {
  RunKey key;
  int64_t shown = 0;  // How many calls of that key lie before the position.

  bool operator==(const RunPosition&) const = default;
};

// Some calls of a run. Pages that were asked for one after the other have every call once,
// if none comes or goes meanwhile.
struct RunQuery {
  std::string workflow_id;
  std::optional<RunPosition> after = {};       // If it is not set, calls begin with the first one.
  size_t limit = SIZE_MAX;                     // How many calls at most; 0 asks for the run alone.
  std::optional<int64_t> as_known_at_us = {};  // Window says what it is.
  size_t bytes_max = SIZE_MAX;  // About what calls may take; one call may always be there.
};

struct RunAnswer {
  std::string workflow;
  std::string workflow_id;
  Outcome outcome = Outcome::kOpen;
  int64_t completed_at_us = 0;  // 0 while the run is open.
  std::vector<std::string> unused_steps;
  Picos cost = 0;
  Picos unsurfaced = 0;
  int64_t unpriced_calls = 0;
  int64_t call_count = 0;           // All calls of the run, those that are no longer kept too.
  std::vector<BilledCall> calls;    // The calls asked for, in their order.
  std::optional<RunPosition> next;  // Where to go on; not set if there is no more.
};

struct SeriesQuery {
  Window window;
  CallFilter filter = {};
  bool by_hour = false;  // If not, points are days of `zone`.
  absl::TimeZone zone = absl::UTCTimeZone();
  std::optional<GroupBy> by;       // It splits the points, if it is set.
  std::string attribute_key = {};  // Used only if `by` is kAttribute.
};

struct SeriesPoint {
  TimeRange range;
  CallSums sums;
};

// The calls of a series that share a name.
struct SeriesGroup {
  std::string key;
  Picos cost = 0;
  int64_t calls = 0;
  std::vector<Picos> point_cost;  // One for each point.
  std::vector<int64_t> point_calls;
};

struct SeriesAnswer {
  TimeRange range;
  std::vector<SeriesPoint> points;  // One for each bucket, empty ones too.
  std::vector<SeriesGroup>
      groups;  // They stand by falling cost, then by key, and add up to points.
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
  std::vector<BilledCall> calls;  // They stand in the order asked for; each has its receipt.
  int64_t total = 0;              // All outliers in the range, those beyond the limit too.
  int64_t unjudged_calls = 0;     // Calls in the range without a price, and so without a verdict.
  int64_t learning_calls = 0;     // What CallSums means by it; none of them is in `calls`.
  // Cost less threshold of all outliers, those beyond the limit too; set only with kCost.
  std::optional<Picos> excess;
};

// Asks how the costs of the calls of a step are spread, or of the completed runs of a workflow.
struct DistributionQuery {
  Window window;
  NameKind of = NameKind::kStep;  // It may be kWorkflow, too.
  std::string name;
};

// The costs in [from, to), in pico-dollars.
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
  int64_t p50 = 0;  // Both quantiles are 0 if there is no cost.
  int64_t p95 = 0;
  std::vector<DistributionBucket> buckets;  // They stand by rising cost; empty ones are left out.
  int64_t unpriced_calls = 0;               // Calls of a step that are in no bucket.
  std::optional<Threshold> threshold;       // The threshold of a step; a workflow has none.
};

// What a RepricingRequest would change, for the calls of a step and model.
struct RepricingRow {
  std::string step;
  std::string provider;
  std::string model;
  int64_t calls = 0;      // Calls whose cost or usage would change.
  Picos cost_before = 0;  // What they cost, and would cost; unpriced calls count as 0.
  Picos cost_after = 0;
  int64_t unpriced_before = 0;
  int64_t unpriced_after = 0;
  Picos tokens_before = 0;  // All of theirs, in and out.
  Picos tokens_after = 0;
};

struct RepricingPreview {
  TimeRange range;                 // What of the range asked for is kept.
  int64_t looked_at = 0;           // All calls of the range that the request is for.
  std::vector<RepricingRow> rows;  // They stand by falling change of cost, either way.
};

struct UnpricedModel {
  std::string provider;
  std::string model;
  int64_t calls = 0;
  bool has_rate = false;  // Some rate is for the model, but not for these calls.
};

struct ExplainQuery {
  std::string event_id;
  std::string workflow_id = {};                // "" to look into all runs.
  std::optional<int64_t> as_known_at_us = {};  // Window says what it is.
};

struct ExplainAnswer {
  BilledCall call;
  std::vector<std::string> runs;  // All runs with a call of the id, if the question named none.
  PriceExplanation price;         // It is by the book as it is, or was known.
};

// Calls that have no price for want of the same rate.
struct MissingRate {
  std::string provider;
  std::string model;
  std::string service_tier;  // How the calls were served; both "" for the standard.
  std::string region;
  std::string reason;  // PriceExplanation::unpriced_reason.
  int64_t calls = 0;
  Picos tokens = 0;                  // All of theirs, in and out.
  std::vector<std::string> nearest;  // Names of the book that are like that of the model.
};

struct MissingRatesAnswer {
  TimeRange range;
  std::vector<MissingRate> rows;  // They stand by falling tokens.
};

struct DatabaseInfo {
  int schema_version = 0;
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  int64_t usage_missing_calls = 0;  // Unpriced calls that came without usage.
  Picos cost = 0;
  IngestCounters ingested;
  int64_t runs = 0;
  uint64_t last_block = 0;
  uint64_t checkpointed_block = 0;
  int64_t events_kept_from_us = 0;             // Single events are kept from then on; 0 if all are.
  int64_t rollups_kept_from_us = 0;            // Rollups are kept from then on; 0 if all are.
  bool is_dropping = false;                    // Some older events are still on disk.
  std::optional<RepricingProgress> repricing;  // Not set if calls are not priced again now.
  RateBook::Bundled bundled;                   // The rates that came with the program.
};

}  // namespace itemized
