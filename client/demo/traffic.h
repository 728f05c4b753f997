// SPDX-License-Identifier: Apache-2.0
#pragma once

// Believable traffic: this folder makes up runs of an agent graph over 30 days for script/demo and
// sends them through client/cpp. It uses the values of storage/model and storage/pricing, so that
// it can say what the bill has to be.

#include <cstdint>
#include <string>
#include <vector>

#include "client/demo/random.h"
#include "client/demo/scenario.h"
#include "storage/base/time.h"
#include "storage/model/call.h"

namespace itemized::demo {

struct TrafficOptions {
  uint64_t seed = 1;
  int64_t end_us = 0;  // Nothing happens at or after this instant.
  int days = 30;
  double runs_per_day = 5000;
};

// A call or a completion at the instant its sender delivers it.
struct Delivery {
  int64_t at_us = 0;  // It is never before the event's own time.
  bool is_completion = false;
  Call call;
  Completion completion;
};

// Agent traffic of the days before `end_us`, hour by hour. The same options
// give the same events. Not thread-safe.
class Traffic {
 public:
  explicit Traffic(const TrafficOptions& options);

  bool Done() const { return hour_ == hours_; }

  // The deliveries of the next hour, in order of delivery. Runs that started
  // in it and go on later continue in the following hours.
  std::vector<Delivery> NextHour();

  int hours() const { return hours_; }  // How many the traffic lasts.
  int hour() const { return hour_; }    // Already returned.

 private:
  struct RunState;
  void StartRun(int64_t at_us);
  bool PlayStages(const WorkflowProfile& workflow, RunState* run);
  void AddCall(const StepProfile& step, RunState* run);
  Call MakeCall(const StepProfile& step, const RunState& run);
  Usage MakeUsage(const StepProfile& step);
  void EndRun(Outcome outcome, RunState* run);
  std::vector<Delivery> TakeUntil(int64_t until_us);

  const TrafficOptions options_;
  const int hours_;
  const int64_t start_us_;
  Random random_;
  std::string id_prefix_;  // Event ids of this traffic are the prefix and a number.
  int64_t next_call_ = 1;
  int64_t next_run_ = 1;
  int hour_ = 0;
  std::vector<Delivery> pending_;
};

}  // namespace itemized::demo
