// SPDX-License-Identifier: Apache-2.0
#include "client/demo/traffic.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace itemized::demo {
namespace {

template <typename Choice>
const Choice& Pick(const std::vector<Choice>& choices, Random* random) {
  double left = random->Uniform();
  for (const Choice& choice : choices) {
    left -= choice.share;
    if (left < 0) {
      return choice;
    }
  }
  return choices.back();
}

int64_t Tokens(double median, double factor) {
  return static_cast<int64_t>(std::llround(median * factor));
}

// Reading the prompt is fast, writing the answer is slow.
int64_t DurationUs(const Usage& usage, Random* random) {
  const double seconds = 0.3 + 0.00003 * static_cast<double>(usage.TotalInput()) +
                         static_cast<double>(usage[UsageClass::kOutput]) / 75.0;
  return static_cast<int64_t>(seconds * random->LogNormal(1.0, 0.25) * 1e6);
}

}  // namespace

struct Traffic::RunState {
  std::string workflow;
  std::string id;
  std::string tenant;  // "" on runs that do not name it.
  int64_t now_us = 0;
  std::set<std::string> steps;
  std::vector<std::string> gate_steps;
};

Traffic::Traffic(const TrafficOptions& options)
    : options_(options),
      hours_(options.days * 24),
      start_us_(options.end_us - hours_ * kMicrosPerHour),
      random_(options.seed * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(options.end_us)),
      id_prefix_(random_.Hex(16)) {}

std::vector<Delivery> Traffic::NextHour() {
  const int64_t from_us = start_us_ + hour_ * kMicrosPerHour;
  ++hour_;
  const double mean = options_.runs_per_day / 24.0 * Activity(HourOf(from_us));
  const int runs = random_.Around(mean);
  for (int i = 0; i < runs; ++i) {
    StartRun(from_us + static_cast<int64_t>(random_.Uniform() * double{kMicrosPerHour}));
  }
  return TakeUntil(from_us + kMicrosPerHour);
}

std::vector<Delivery> Traffic::TakeUntil(int64_t until_us) {
  const auto later = std::stable_partition(pending_.begin(), pending_.end(),
                                           [&](const Delivery& d) { return d.at_us < until_us; });
  std::vector<Delivery> taken(std::make_move_iterator(pending_.begin()),
                              std::make_move_iterator(later));
  pending_.erase(pending_.begin(), later);
  std::stable_sort(taken.begin(), taken.end(),
                   [](const Delivery& a, const Delivery& b) { return a.at_us < b.at_us; });
  return taken;
}

void Traffic::StartRun(int64_t at_us) {
  const WorkflowProfile& workflow = Pick(Workflows(), &random_);
  RunState run{.workflow = workflow.name,
               .id = absl::StrFormat("%s-%s-%d", workflow.name, id_prefix_.substr(0, 6), next_run_),
               .tenant = {},
               .now_us = at_us,
               .steps = {},
               .gate_steps = {}};
  ++next_run_;
  if (random_.Chance(kTenantShare)) {
    // The square makes the first tenants the largest.
    const double place = random_.Uniform() * random_.Uniform();
    run.tenant = Tenants()[static_cast<size_t>(place * static_cast<double>(Tenants().size()))];
  }
  const bool stays_open = random_.Chance(kOpenShare);
  if (!PlayStages(workflow, &run) || stays_open) {
    return;
  }
  EndRun(random_.Chance(kAbandonedShare) ? Outcome::kAbandoned : Outcome::kCompleted, &run);
}

// False if the run ended before its last stage.
bool Traffic::PlayStages(const WorkflowProfile& workflow, RunState* run) {
  const double fail_per_stage = kFailedShare / static_cast<double>(workflow.stages.size());
  for (const Stage& stage : workflow.stages) {
    const int calls = random_.Around(stage.mean);
    for (int i = 0; i < calls; ++i) {
      AddCall(StepNamed(stage.step), run);
    }
    if (stage.gate && calls > 0) {
      run->gate_steps.emplace_back(stage.step);
      if (random_.Chance(kShortCircuitShare)) {
        EndRun(Outcome::kShortCircuited, run);
        return false;
      }
    }
    if (!run->steps.empty() && random_.Chance(fail_per_stage)) {
      pending_.back().call.status = CallStatus::kError;
      EndRun(Outcome::kFailed, run);
      return false;
    }
  }
  return true;
}

void Traffic::AddCall(const StepProfile& step, RunState* run) {
  Call call = MakeCall(step, *run);
  run->now_us += static_cast<int64_t>(random_.LogNormal(1.2e6, 0.8)) + call.duration_us;
  call.time_us = run->now_us;
  run->steps.insert(call.step);
  Delivery delivery{
      .at_us = call.time_us, .is_completion = false, .call = std::move(call), .completion = {}};
  if (random_.Chance(kLateShare)) {
    delivery.at_us += static_cast<int64_t>(random_.Uniform(1, 20) * double{kMicrosPerHour});
  }
  pending_.push_back(std::move(delivery));
}

Call Traffic::MakeCall(const StepProfile& step, const RunState& run) {
  const ModelShare& model = Pick(step.models, &random_);
  Call call;
  call.event_id = absl::StrCat(id_prefix_, "-", next_call_++);
  call.workflow = run.workflow;
  call.workflow_id = run.id;
  call.step = step.name;
  call.provider = model.provider;
  call.model = model.model;
  call.usage = MakeUsage(step);
  call.duration_us = DurationUs(*call.usage, &random_);
  if (random_.Chance(kNoUsageShare)) {
    call.usage.reset();
    call.status = CallStatus::kCancelled;
  }
  if (!run.tenant.empty()) {
    call.attributes.emplace_back("tenant", run.tenant);
  }
  return call;
}

Usage Traffic::MakeUsage(const StepProfile& step) {
  const double size =
      random_.LogNormal(1.0, 0.22) *
      (random_.Chance(kOutlierShare) ? random_.LogNormal(kOutlierMultiple, 0.12) : 1);
  const double answer = size * random_.LogNormal(1.0, 0.2);
  Usage usage;
  usage[UsageClass::kInput] = Tokens(step.input_tokens, size);
  usage[UsageClass::kCacheRead] = Tokens(step.cache_read_tokens, size);
  usage[UsageClass::kCacheWrite5m] = Tokens(step.cache_write_tokens, size);
  usage[UsageClass::kOutput] = Tokens(step.output_tokens, answer);
  usage[UsageClass::kReasoning] = Tokens(step.output_tokens * step.reasoning_share, answer);
  return usage;
}

void Traffic::EndRun(Outcome outcome, RunState* run) {
  Completion completion{.time_us = run->now_us + static_cast<int64_t>(random_.Uniform(1e4, 4e5)),
                        .workflow = run->workflow,
                        .workflow_id = run->id,
                        .outcome = outcome,
                        .unused_steps = {}};
  if (outcome == Outcome::kShortCircuited) {
    completion.unused_steps = run->gate_steps;
  } else if (outcome == Outcome::kAbandoned) {
    completion.unused_steps.assign(run->steps.begin(), run->steps.end());
  }
  pending_.push_back({.at_us = completion.time_us,
                      .is_completion = true,
                      .call = {},
                      .completion = std::move(completion)});
}

}  // namespace itemized::demo
