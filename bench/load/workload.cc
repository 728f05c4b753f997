// SPDX-License-Identifier: Apache-2.0
#include "bench/load/workload.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

#include "storage/base/check.h"
#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized::bench {
namespace {

constexpr size_t kActiveRuns = 256;
constexpr int kCallsPerRunMax = 21;  // Runs have 1 to 21 calls, 11 on average.
constexpr size_t kSampledRuns = 2000;
constexpr int64_t kRunsPerSample = 37;

constexpr const char* kRoles[] = {"plan", "retrieve", "rank", "write", "check"};

int64_t PicosPerToken(const char* usd_per_million) {
  const auto picos = ParseDecimal(usd_per_million, 6);
  CHECK_OK(picos);
  return static_cast<int64_t>(*picos);
}

struct PicoPrices {
  int64_t input, cache_read, output;
};

const std::vector<PicoPrices>& Prices() {
  static const auto* const prices = [] {
    auto* made = new std::vector<PicoPrices>;
    for (const Model& model : kModels) {
      made->push_back({PicosPerToken(model.input), PicosPerToken(model.cache_read),
                       PicosPerToken(model.output)});
    }
    return made;
  }();
  return *prices;
}

}  // namespace

std::string StepName(int step) {
  return absl::StrFormat("agent-%02d/%s", step / 5, kRoles[step % 5]);
}

std::string WorkflowName(int workflow) {
  return absl::StrFormat("workflow-type-%02d", workflow);
}

std::string TenantName(int tenant) {
  return absl::StrCat("tenant-", tenant);
}

std::string RunId(uint64_t run) {
  return absl::StrFormat("run-%016x", run);
}

Workload::Workload(const WorkloadOptions& options) : options_(options), random_(options.seed) {
  time_us_ = options_.end_us - options_.days * kMicrosPerDay;
  double sum = 0;
  for (int step = 0; step < kSteps; ++step) {
    sum += std::pow(step + 1, -kZipfExponent);
    step_cumulative_.push_back(sum);
  }
  for (size_t i = 0; i < kActiveRuns; ++i) {
    active_.push_back(StartRun());
  }
}

uint64_t Workload::NextRandom() {
  random_ += 0x9E3779B97F4A7C15u;
  uint64_t mixed = random_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

double Workload::Uniform() {
  return static_cast<double>(NextRandom() >> 11) * 0x1.0p-53;
}

double Workload::LogNormal(double median, double sigma) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return median * std::exp(sigma * radius * std::cos(2.0 * M_PI * Uniform()));
}

int Workload::PickStep() {
  const double place = Uniform() * step_cumulative_.back();
  const auto found = std::upper_bound(step_cumulative_.begin(), step_cumulative_.end(), place);
  return std::min(static_cast<int>(found - step_cumulative_.begin()), kSteps - 1);
}

Workload::Run Workload::StartRun() {
  Run run;
  run.id = NextRandom();
  run.calls_left = 1 + static_cast<int>(NextRandom() % kCallsPerRunMax);
  // The square makes the first workflows the most frequent.
  run.workflow = static_cast<uint8_t>(Uniform() * Uniform() * kWorkflows);
  return run;
}

WorkloadBatch Workload::NextBatch() {
  WorkloadBatch batch;
  batch.calls.reserve(kBatchCalls);
  const double gap_us =
      static_cast<double>(options_.days * kMicrosPerDay) / static_cast<double>(options_.calls);
  while (batch.calls.size() < kBatchCalls && !Done()) {
    time_us_ += static_cast<int64_t>(gap_us * 2 * Uniform() * 0.999);
    Run& run = active_[NextRandom() % kActiveRuns];
    batch.calls.push_back(MakeCall(run));
    ++made_;
    if (--run.calls_left == 0) {
      EndRun(run, batch.calls.back().step, &batch);
      run = StartRun();
    }
  }
  return batch;
}

WorkloadCall Workload::MakeCall(const Run& run) {
  WorkloadCall call;
  call.time_us = time_us_;
  call.run = run.id;
  call.workflow = run.workflow;
  const int step = PickStep();
  call.step = static_cast<uint16_t>(step);
  const int first_model = step * 7 % static_cast<int>(kModels.size());
  const int model = Uniform() < 0.8 ? first_model : (first_model + 1);
  call.model = static_cast<uint8_t>(model % static_cast<int>(kModels.size()));
  call.input = static_cast<int64_t>(LogNormal(400.0 * (1 + step % 9), 0.9));
  call.cache_read = step % 3 == 0 ? static_cast<int64_t>(LogNormal(2000.0, 0.7)) : 0;
  call.output = static_cast<int64_t>(LogNormal(80.0 * (1 + step % 7), 0.8));
  call.duration_us = 300'000 + call.output * 13'000 + call.input * 30;
  if (Uniform() < 0.05) {
    call.tenant = static_cast<int32_t>(NextRandom() % kTenants);
  }
  const PicoPrices& price = Prices()[call.model];
  call.cost_picos =
      call.input * price.input + call.cache_read * price.cache_read + call.output * price.output;
  return call;
}

void Workload::EndRun(const Run& run, uint16_t last_step, WorkloadBatch* batch) {
  // Numbers of itemized.v1.Outcome: completed, failed, short-circuited, abandoned.
  static constexpr double kUpTo[] = {0.92, 0.95, 0.975, 0.99};
  const double place = Uniform();
  const int outcome = static_cast<int>(std::upper_bound(kUpTo, kUpTo + 4, place) - kUpTo) + 1;
  if (outcome > 4) {
    return;  // The run stays open.
  }
  completed_runs_ += outcome == 1 ? 1 : 0;
  batch->completions.push_back({.time_us = time_us_,
                                .run = run.id,
                                .outcome = outcome,
                                .unused_step = outcome == 3 ? last_step : -1,
                                .workflow = run.workflow});
  if (sampled_runs_.size() < kSampledRuns && completed_runs_ % kRunsPerSample == 0) {
    sampled_runs_.push_back(RunId(run.id));
  }
}

}  // namespace itemized::bench
