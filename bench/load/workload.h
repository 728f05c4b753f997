// SPDX-License-Identifier: Apache-2.0
#pragma once

// The workload of every figure this folder reports: calls over 30 days in
// order of time, 200 steps with Zipf(1.1) volumes and log-normal tokens, 6
// models (2 to a step), 20 workflows, 11 calls to a run on average, 92 % of
// the runs completed, a tenant named on 5 % of the calls.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace itemized::bench {

inline constexpr int kSteps = 200;
inline constexpr int kWorkflows = 20;
inline constexpr int kBatchCalls = 1000;
inline constexpr int kTenants = 50;
inline constexpr double kZipfExponent = 1.1;

// Prices are in USD per million tokens.
struct Model {
  const char* provider;
  const char* name;
  const char* input;
  const char* cache_read;
  const char* output;
};
inline constexpr std::array<Model, 6> kModels = {{
    {"anthropic", "claude-sonnet-4-6", "3", "0.3", "15"},
    {"anthropic", "claude-haiku-4-5", "1", "0.1", "5"},
    {"openai", "gpt-5.4", "2.5", "0.25", "15"},
    {"openai", "gpt-5.4-mini", "0.75", "0.075", "4.5"},
    {"google", "gemini-2.5-pro", "1.25", "0.125", "10"},
    {"google", "gemini-2.5-flash", "0.3", "0.03", "2.5"},
}};

struct WorkloadOptions {
  uint64_t seed = 1;
  int64_t calls = 1'000'000;
  int64_t end_us = 0;
  int days = 30;
};

struct WorkloadCall {
  int64_t time_us = 0;
  uint64_t run = 0;  // RunId(run) is its workflow_id.
  int64_t input = 0;
  int64_t cache_read = 0;
  int64_t output = 0;
  int64_t duration_us = 0;
  int64_t cost_picos = 0;
  int32_t tenant = -1;
  uint16_t step = 0;
  uint8_t workflow = 0;
  uint8_t model = 0;
};

struct WorkloadCompletion {
  int64_t time_us = 0;
  uint64_t run = 0;
  int outcome = 0;       // A number of itemized.v1.Outcome.
  int unused_step = -1;  // -1 if there is none.
  uint8_t workflow = 0;
};

struct WorkloadBatch {
  std::vector<WorkloadCall> calls;  // kBatchCalls, fewer in the last one.
  std::vector<WorkloadCompletion> completions;
};

std::string StepName(int step);
std::string WorkflowName(int workflow);
std::string TenantName(int tenant);
std::string RunId(uint64_t run);

// Makes the workload, always the same for the same options. Not thread-safe.
class Workload {
 public:
  explicit Workload(const WorkloadOptions& options);

  bool Done() const { return made_ == options_.calls; }
  WorkloadBatch NextBatch();

  // These are of what was made so far.
  int64_t completed_runs() const { return completed_runs_; }
  const std::vector<std::string>& sampled_runs() const { return sampled_runs_; }

 private:
  struct Run {
    uint64_t id = 0;
    int calls_left = 0;
    uint8_t workflow = 0;
  };
  uint64_t NextRandom();
  double Uniform();
  double LogNormal(double median, double sigma);
  Run StartRun();
  WorkloadCall MakeCall(const Run& run);
  void EndRun(const Run& run, uint16_t last_step, WorkloadBatch* batch);
  int PickStep();

  const WorkloadOptions options_;
  uint64_t random_;
  int64_t made_ = 0;
  int64_t time_us_ = 0;
  int64_t completed_runs_ = 0;
  std::vector<double> step_cumulative_;
  std::vector<Run> active_;
  std::vector<std::string> sampled_runs_;
};

}  // namespace itemized::bench
