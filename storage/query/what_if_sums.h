// SPDX-License-Identifier: Apache-2.0
#pragma once

// What history cost and what the changes made of it come together here, exactly.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/base/money.h"
#include "storage/query/gate_share.h"
#include "storage/query/step_replay.h"
#include "storage/query/what_if.h"
#include "storage/query/what_if_plan.h"
#include "storage/views/call_sums.h"

namespace itemized {

// What calls cost in history.
struct PlainSums {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos cost = 0;

  void Add(const CallSums& sums);
  void Add(const PlainSums& sums);
};

// What was gathered of the calls of a question.
struct WhatIfSums {
  explicit WhatIfSums(const WhatIfPlan& plan)
      : steps(plan.steps().size()), runs(plan.steps().size()) {}

  PlainSums all;
  std::vector<PlainSums> steps;     // One for each step of the plan.
  std::vector<ChangeSums> changes;  // One for each change; empty if none changes single calls.
  std::vector<StepRunCounts> runs;  // One for each step; of use for those that are measured.
};

// Composes the changes in their order, and sets all of the answer but for its ranges. `recorded_us`
// is the length by which 30 days are reckoned. INVALID_ARGUMENT if there is nothing to measure a
// gate's share by.
absl::Status Compose(const WhatIfQuery& query, const WhatIfPlan& plan, const WhatIfSums& sums,
                     int64_t recorded_us, WhatIfAnswer* answer);

}  // namespace itemized
