// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of a workload come to, as it made them and as a database counts them.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "bench/load/workload.h"
#include "storage/base/money.h"

namespace itemized::bench {

using StepTotals = std::array<WorkloadStep, kSteps>;

struct NamedTotal {
  std::string step;
  int64_t calls = 0;
  Picos cost = 0;
};

// Returns INTERNAL unless `totals`, which `who` gave, are those of `made` to the last digit.
absl::Status CheckSteps(const std::string& who, const std::vector<NamedTotal>& totals,
                        const StepTotals& made);

}  // namespace itemized::bench
