// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/budgets/budget.h"
#include "storage/budgets/crossing.h"

namespace itemized {

// How a budget stands in its present period. A plain value.
struct BudgetState {
  Budget budget;
  TimeRange period;
  std::optional<Picos> spent = {};  // Absent if it could not be found out.
  int64_t unpriced_calls = 0;       // Calls of the period that are not in it, for want of a price.
  int64_t as_of_us = 0;             // When the spend was found out.
  std::string problem = {};  // Why the spend is absent or old, in a sentence; "" if it is not.
  std::vector<Crossing> crossings = {};  // Those of the period, by threshold.
};

}  // namespace itemized
