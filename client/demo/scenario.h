// SPDX-License-Identifier: Apache-2.0
#pragma once

// The company whose bill the demo shows: its agents' steps, the models they
// use, and the workflows they serve. Figures are chosen so that, measured over
// the whole, doc_synthesis is about 9 % of the calls and 38 % of the spend,
// status_check about 41 % and 3 %, and 12 % of the calls cost about 18 times
// the median of their step (tests/client/demo/traffic_test.cc).

#include <cstdint>
#include <vector>

namespace itemized::demo {

struct ModelShare {
  const char* provider;
  const char* model;
  double share;  // Of the step's calls.
};

// A node of the agent graph. Token counts are medians of an ordinary call.
struct StepProfile {
  const char* name;
  std::vector<ModelShare> models;
  double input_tokens;
  double cache_read_tokens;
  double cache_write_tokens;
  double output_tokens;
  double reasoning_share;  // Of the output tokens.
};

// A stretch of a run: `mean` calls of one step, one after another.
struct Stage {
  const char* step;
  double mean;
  bool gate = false;  // After it a run may be cut short.
};

struct WorkflowProfile {
  const char* name;
  double share;  // Of all runs.
  std::vector<Stage> stages;
};

inline constexpr double kOutlierShare = 0.12;     // Of the calls of every step.
inline constexpr double kOutlierMultiple = 18.8;  // Of an ordinary call; outliers raise the median.
inline constexpr double kShortCircuitShare = 0.17;  // Of the runs that reach the gate.
inline constexpr double kFailedShare = 0.03;        // Of runs, as the next two.
inline constexpr double kAbandonedShare = 0.04;
inline constexpr double kOpenShare = 0.004;      // Runs that never end.
inline constexpr double kLateShare = 0.0004;     // Of calls; delivered hours later.
inline constexpr double kNoUsageShare = 0.0008;  // Of calls; cancelled, nothing reported.
inline constexpr double kTenantShare = 0.35;     // Of runs; their calls name the tenant.

const std::vector<StepProfile>& Steps();
const StepProfile& StepNamed(const char* name);
const std::vector<WorkflowProfile>& Workflows();
const std::vector<const char*>& Tenants();

// How busy an hour is, 1 on average over a week: UTC hours since 1970.
double Activity(uint32_t hour);

}  // namespace itemized::demo
