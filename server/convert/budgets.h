// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn budgets on the wire into those of storage, and back.

#include "absl/status/statusor.h"
#include "itemized/v1/budgets.pb.h"

#include "storage/budgets/budget.h"
#include "storage/budgets/budget_state.h"
#include "storage/budgets/crossing.h"
#include "storage/model/call.h"

namespace itemized::server {

// INVALID_ARGUMENT names what to mend.
absl::StatusOr<Budget> ToBudget(const itemized::v1::Budget& from);

itemized::v1::Budget FromBudget(const Budget& from);
itemized::v1::BudgetStatus FromBudgetState(const BudgetState& from);
itemized::v1::BudgetCrossing FromCrossing(const Budget& budget, const Crossing& crossing);
itemized::v1::WatchedOutlier FromOutlier(const BilledCall& outlier);

}  // namespace itemized::server
