// SPDX-License-Identifier: Apache-2.0
#pragma once

// The company whose bill the demo shows: its agents' steps, the models they
// use, and the workflows they serve. Figures are chosen so that, measured over
// the whole, doc_synthesis is about 9 % of the calls and 38 % of the spend,
// status_check about 41 % and 3 %, and 12 % of the calls cost about 18 times
// the median of their step (tests/client/demo/traffic_test.cc).

#include <cstdint>
#include <vector>

#include "storage/base/time.h"

namespace itemized::demo {

struct ModelShare {
  const char* provider;
  const char* model;
  double share;  // Its part of the step's calls.
};

// A node of the agent graph. Token counts are medians of an ordinary call.
struct StepProfile {
  const char* name;
  std::vector<ModelShare> models;
  double input_tokens;
  double cache_read_tokens;
  double cache_write_tokens;
  double output_tokens;
  double reasoning_share;  // Its part of the output tokens.
};

// A stretch of a run: `mean` calls of one step, one after another.
struct Stage {
  const char* step;
  double mean;
  bool gate = false;  // A run may be cut short behind it.
};

struct WorkflowProfile {
  const char* name;
  double share;  // Its part of all runs.
  std::vector<Stage> stages;
};

inline constexpr double kOutlierShare = 0.12;       // So much of the calls of every step.
inline constexpr double kOutlierMultiple = 18.8;    // Their cost over that of an ordinary call.
inline constexpr double kShortCircuitShare = 0.17;  // So much of the runs that reach the gate.
inline constexpr double kFailedShare = 0.03;        // This and the next two are shares of runs.
inline constexpr double kAbandonedShare = 0.04;
inline constexpr double kOpenShare = 0.004;      // Runs that never end.
inline constexpr double kLateShare = 0.0004;     // So many calls are delivered hours later.
inline constexpr double kNoUsageShare = 0.0008;  // So many calls are cancelled and report nothing.
inline constexpr double kTenantShare = 0.35;     // So many runs have calls that name the tenant.

const std::vector<StepProfile>& Steps();
const StepProfile& StepNamed(const char* name);
const std::vector<WorkflowProfile>& Workflows();
const std::vector<const char*>& Tenants();

// How busy an hour is, 1 on average over a week.
double Activity(Hour hour);

}  // namespace itemized::demo
